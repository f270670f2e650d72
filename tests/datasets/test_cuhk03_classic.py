from collections.abc import Iterable
from pathlib import Path

import pytest
from dataset_trees import cuhk03_classic, touch
from small_cuhk03 import CUHK03_TESTSETS, cuhk03_names

from reid_align.datasets import DATASETS, ReidDataset, load_dataset
from reid_align.datasets.benchmark import PublishedCount
from reid_align.errors import DatasetFormatError, InvalidInputError

STEMS = [stem for stem, _, _ in cuhk03_names()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return cuhk03_classic(tmp_path, "labeled").root


def load(root: Path, **options: int | bool | str) -> ReidDataset:
    return load_dataset("cuhk03_classic_labeled", root, check_counts=False, **options)


def stems_of(identities: Iterable[tuple[int, int]], views: str = "12") -> list[str]:
    """Pick images by their names alone, another way than the loader does."""
    heads = tuple(f"{a}_{b:03d}_{view}" for a, b in identities for view in views)
    return [stem for stem in STEMS if stem.startswith(heads)]


def test_queries_are_view_one_and_gallery_view_two_of_each_test_set(root: Path) -> None:
    dataset = load(root)
    assert dataset.protocol == "single_gallery_shot"
    for split, identities in zip(dataset.splits, CUHK03_TESTSETS, strict=True):
        assert [Path(r.path).stem for r in split.query] == stems_of(identities, "1")
        assert [Path(r.path).stem for r in split.gallery] == stems_of(identities, "2")
        assert {r.camera_id for r in split.query} == {1}
        assert {r.camera_id for r in split.gallery} == {2}


def test_all_test_sets_together_have_no_training_images(root: Path) -> None:
    dataset = load(root)
    assert [split.name for split in dataset.splits] == ["00", "01", "02"]
    assert dataset.train == ()


def test_one_test_set_trains_on_all_other_identities(root: Path) -> None:
    for number, identities in enumerate(CUHK03_TESTSETS):
        dataset = load(root, split=number)
        assert dataset.splits == (load(root).splits[number],)
        rest = sorted(set(STEMS) - set(stems_of(identities)))
        assert [Path(r.path).stem for r in dataset.train] == rest


def test_identities_of_different_pairs_are_different(root: Path) -> None:
    ids = {Path(r.path).stem: r.person_id for r in load(root).splits[0].query}
    assert ids["1_001_1_01"] == 1001
    assert ids["2_002_1_01"] == 2002


@pytest.mark.parametrize("split", [3, -1, "0"])
def test_split_that_does_not_exist_is_refused(root: Path, split: int | str) -> None:
    with pytest.raises(InvalidInputError, match=rf"split {split!r} does not exist. .* 0 to 2"):
        load(root, split=split)


class Reduced(DATASETS["cuhk03_classic_labeled"]):  # type: ignore[name-defined, valid-type]
    """Loader with published counts of 240 images and 120 identities."""

    published = (PublishedCount("images_labeled/", 240, 120),)


def write_testsets(path: Path, sizes: list[int]) -> None:
    rows = [f"{k},1,{p}" for k, size in enumerate(sizes) for p in range(k + 1, k + 1 + size)]
    path.write_text("\n".join(["testset,pair,person", *rows, ""]))


def test_twenty_test_sets_of_100_identities_are_accepted(tmp_path: Path) -> None:
    names = [f"1_{p:03d}_{k}_{5 * k:02d}.png" for p in range(1, 121) for k in (1, 2)]
    touch(tmp_path / "images_labeled", names)
    write_testsets(tmp_path / "cuhk03_testsets.csv", [100] * 20)
    assert len(Reduced().load(tmp_path).splits) == 20
    dataset = Reduced(split=4).load(tmp_path)
    assert {r.person_id for r in dataset.splits[0].query} == set(range(1005, 1105))
    assert len({r.person_id for r in dataset.train}) == 20


@pytest.mark.parametrize("sizes", [[100] * 19, [100] * 21, [100] * 19 + [99], [101] + [100] * 19])
def test_other_test_sets_are_refused_with_what_was_published(
    tmp_path: Path, sizes: list[int]
) -> None:
    names = [f"1_{p:03d}_{k}_{5 * k:02d}.png" for p in range(1, 121) for k in (1, 2)]
    touch(tmp_path / "images_labeled", names)
    write_testsets(tmp_path / "cuhk03_testsets.csv", sizes)
    with pytest.raises(DatasetFormatError, match=r"published are 20 test sets of 100 identities"):
        Reduced().load(tmp_path)


@pytest.mark.parametrize("line", ["0,1", "0,1,two", "a,1,2", "0,1,2,3"])
def test_test_sets_that_are_not_numbers_are_refused_with_the_file(root: Path, line: str) -> None:
    path = root / "cuhk03_testsets.csv"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DatasetFormatError, match=r"cuhk03_testsets.csv does not have three whole"):
        load(root)


def test_image_with_another_name_is_named_in_the_error(root: Path) -> None:
    (root / "images_labeled" / "6_001_1_01.png").touch()
    with pytest.raises(
        DatasetFormatError, match=r"6_001_1_01.png is not named like 1_001_1_01.png"
    ):
        load(root)
