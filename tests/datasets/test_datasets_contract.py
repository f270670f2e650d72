"""What holds for every dataset that is registered: a new one has to add a tree, and no test."""

import os
import shutil
from pathlib import Path

import pytest
from dataset_trees import TREES

from reid_align.datasets import DATASETS, ReidDataset, list_datasets, load_dataset
from reid_align.datasets.benchmark import Benchmark, PublishedCount
from reid_align.errors import (
    DatasetFormatError,
    DatasetNotFoundError,
    InvalidInputError,
    UnknownNameError,
)
from reid_align.metrics import PROTOCOLS

BENCHMARKS = [name for name in list_datasets() if issubclass(DATASETS[name], Benchmark)]


def image_lists(dataset: ReidDataset) -> list:
    return [dataset.train, *(s.query for s in dataset.splits), *(s.gallery for s in dataset.splits)]


def benchmark_with_counts(name: str, counts: tuple) -> Benchmark:
    """Return the loader of a dataset of which other counts had been published."""
    loader = DATASETS[name]
    published = tuple(
        PublishedCount(c.part, *n) for c, n in zip(loader.published, counts, strict=True)
    )
    return type("Reduced", (loader,), {"published": published})()


def test_every_registered_dataset_has_a_tree() -> None:
    assert sorted(TREES) == list_datasets()


@pytest.mark.parametrize("name", list_datasets())
def test_dataset_is_read_into_valid_records(name: str, tmp_path: Path) -> None:
    tree = TREES[name](tmp_path)
    dataset = load_dataset(name, tree.root, **tree.options)
    assert dataset.name == name
    assert dataset.root == str(tmp_path)
    assert dataset.protocol in PROTOCOLS
    for records in image_lists(dataset):
        for record in records:
            # An image is a file, a row of one, or a box in one.
            file, shard, _ = record.path.partition("#")[0].partition(".safetensors")
            assert os.path.isfile(file + shard)
            assert record.path.startswith(dataset.root + os.sep)
            assert record.person_id >= 0
            assert record.camera_id is not None


@pytest.mark.parametrize("name", list_datasets())
def test_every_list_of_images_is_sorted_and_without_repetition(name: str, tmp_path: Path) -> None:
    tree = TREES[name](tmp_path)
    for records in image_lists(load_dataset(name, tree.root, **tree.options)):
        paths = [record.path for record in records]
        assert paths == sorted(set(paths))


@pytest.mark.parametrize("name", list_datasets())
def test_every_query_has_a_match_from_another_camera_or_in_its_group(
    name: str, tmp_path: Path
) -> None:
    tree = TREES[name](tmp_path)
    dataset = load_dataset(name, tree.root, **tree.options)
    assert dataset.splits
    grouped = PROTOCOLS[dataset.protocol].within_group
    for split in dataset.splits:
        gallery = {(r.person_id, r.camera_id, r.group_id) for r in split.gallery}
        for query in split.query:
            assert any(
                p == query.person_id and (g == query.group_id if grouped else c != query.camera_id)
                for p, c, g in gallery
            )


@pytest.mark.parametrize("name", list_datasets())
def test_loading_is_repeatable_and_accepts_a_relative_root(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = TREES[name](tmp_path)
    first = load_dataset(name, tree.root, **tree.options)
    monkeypatch.chdir(tmp_path)
    relative = os.path.relpath(tree.root)
    assert load_dataset(name, relative, **tree.options) == first


@pytest.mark.parametrize("name", list_datasets())
def test_root_that_does_not_exist_is_named_in_the_error(name: str, tmp_path: Path) -> None:
    options = TREES[name](tmp_path / "real").options
    with pytest.raises(DatasetNotFoundError, match=r"nowhere, expected .* found nothing"):
        load_dataset(name, tmp_path / "nowhere", **options)


@pytest.mark.parametrize("name", list_datasets())
def test_empty_folder_is_refused(name: str, tmp_path: Path) -> None:
    options = TREES[name](tmp_path / "real").options
    (tmp_path / "none").mkdir()
    with pytest.raises(DatasetNotFoundError, match=r"found an empty folder"):
        load_dataset(name, tmp_path / "none", **options)


@pytest.mark.parametrize("name", list_datasets())
def test_unknown_option_is_refused_with_the_known_ones(name: str, tmp_path: Path) -> None:
    tree = TREES[name](tmp_path)
    with pytest.raises(InvalidInputError, match=rf"'{name}' has no option 'chek_counts'. Its opt"):
        load_dataset(name, tree.root, **tree.options, chek_counts=False)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_missing_and_existing_entries_are_named(name: str, tmp_path: Path) -> None:
    (layout, *_) = DATASETS[name].layouts
    for number, entry in enumerate(layout):
        tree = TREES[name](tmp_path / str(number))
        path = tree.root / entry
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        with pytest.raises(DatasetNotFoundError) as error:
            load_dataset(name, tree.root, **tree.options)
        text = str(error.value)
        assert str(tree.root) in text
        assert ", ".join(layout) in text
        if len(layout) > 1:
            assert f"but not {entry}" in text


@pytest.mark.parametrize("name", BENCHMARKS)
def test_files_and_folders_are_not_interchangeable(name: str, tmp_path: Path) -> None:
    for number, entry in enumerate(DATASETS[name].layouts[0]):
        tree = TREES[name](tmp_path / str(number))
        path = tree.root / entry
        if path.is_dir():
            shutil.rmtree(path)
            path.touch()
        else:
            path.unlink()
            path.mkdir()
        with pytest.raises(DatasetNotFoundError, match=f"looked in {tree.root}, expected"):
            load_dataset(name, tree.root, **tree.options)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_parent_or_child_of_the_right_folder_names_the_right_one(name: str, tmp_path: Path) -> None:
    tree = TREES[name](tmp_path / "data" / "right")
    options = tree.options
    below = next(path for path in sorted(tree.root.iterdir()) if path.is_dir())
    for wrong in (tmp_path / "data", below):
        with pytest.raises(DatasetNotFoundError) as error:
            load_dataset(name, wrong, **options)
        assert f"looked in {wrong}, expected" in str(error.value)
        assert f"the expected files are in {tree.root}." in str(error.value)
    with pytest.raises(DatasetNotFoundError) as error:
        load_dataset(name, tmp_path, **options)
    assert "the expected files are in" not in str(error.value)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_file_instead_of_a_folder_is_called_a_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    path.touch()
    with pytest.raises(DatasetNotFoundError, match=r"found a file"):
        load_dataset(name, path)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_counts_other_than_the_published_ones_are_refused_with_both(
    name: str, tmp_path: Path
) -> None:
    tree = TREES[name](tmp_path)
    with pytest.raises(DatasetFormatError) as error:
        load_dataset(name, tree.root)
    for count, (images, identities) in zip(DATASETS[name].published, tree.counts, strict=True):
        for a, b in ((count.images, count.identities), (images, identities)):
            assert f"{a:,} images of {b:,} identities in {count.part}" in str(error.value)
    assert "check_counts=False" in str(error.value)


@pytest.mark.parametrize("name", [n for n in BENCHMARKS if "classic" not in n])
def test_counts_are_accepted_if_they_are_the_published_ones_and_only_then(
    name: str, tmp_path: Path
) -> None:
    tree = TREES[name](tmp_path)
    loaded = benchmark_with_counts(name, tree.counts).load(tree.root)
    assert loaded == load_dataset(name, tree.root, **tree.options)
    for part, (images, identities) in enumerate(tree.counts):
        for other in ((images + 1, identities), (images, identities - 1)):
            counts = (*tree.counts[:part], other, *tree.counts[part + 1 :])
            with pytest.raises(DatasetFormatError, match=r"published are"):
                benchmark_with_counts(name, counts).load(tree.root)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_benchmark_states_where_it_comes_from(name: str) -> None:
    loader = DATASETS[name]
    assert loader.title
    assert loader.paper
    assert loader.url.startswith(("http://", "https://"))
    assert loader.terms.endswith(".")


def test_unknown_dataset_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match=r"'market-1501'. Did you mean 'market1501'"):
        load_dataset("market-1501", Path())
