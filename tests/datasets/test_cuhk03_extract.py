import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_cuhk03 import (
    CUHK03_TESTSETS,
    cuhk03_names,
    cuhk03_pixels,
    read_pixels,
    write_cuhk03_mat,
    write_protocol_file,
)

from reid_align.datasets import extract_cuhk03, load_dataset
from reid_align.errors import (
    DatasetFormatError,
    DatasetNotFoundError,
    MissingExtraError,
    OutputError,
)

STEMS = [stem for stem, _, _ in cuhk03_names()]


@pytest.fixture
def mat(tmp_path: Path) -> Path:
    path = tmp_path / "release" / "cuhk-03.mat"
    path.parent.mkdir()
    write_cuhk03_mat(path)
    return path


def listing(folder: str) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_every_image_is_written_with_its_pixels_and_empty_cells_are_not(
    mat: Path, tmp_path: Path
) -> None:
    assert extract_cuhk03(mat, tmp_path / "out") == 2 * len(STEMS)
    for boxes in ("detected", "labeled"):
        folder = tmp_path / "out" / f"images_{boxes}"
        assert listing(folder) == [f"{stem}.png" for stem in STEMS]
        for stem in STEMS:
            pair, person, _, number = map(int, stem.split("_"))
            expected = cuhk03_pixels(boxes, pair, person, number)
            np.testing.assert_array_equal(read_pixels(folder / f"{stem}.png"), expected)


def test_test_sets_are_written_as_rows_of_pair_and_person(mat: Path, tmp_path: Path) -> None:
    extract_cuhk03(mat, tmp_path)
    lines = (tmp_path / "cuhk03_testsets.csv").read_text().split()
    assert lines[0] == "testset,pair,person"
    rows = [tuple(map(int, line.split(","))) for line in lines[1:]]
    assert rows == [
        (k, *person)
        for k, identities in enumerate(CUHK03_TESTSETS)
        for person in sorted(identities)
    ]


def test_extracted_images_can_be_loaded(mat: Path, tmp_path: Path) -> None:
    extract_cuhk03(mat, tmp_path)
    for boxes in ("detected", "labeled"):
        write_protocol_file(tmp_path / f"cuhk03_new_protocol_config_{boxes}.mat")
        new = load_dataset(f"cuhk03_{boxes}", tmp_path, check_counts=False)
        assert len(new.train) + len(new.splits[0].query) + len(new.splits[0].gallery) == len(STEMS)
        classic = load_dataset(f"cuhk03_classic_{boxes}", tmp_path, check_counts=False)
        assert len(classic.splits) == len(CUHK03_TESTSETS)


@pytest.mark.parametrize("taken", ["images_detected", f"images_labeled/{STEMS[1]}.png.part"])
def test_unwritable_file_is_named(mat: Path, tmp_path: Path, taken: str) -> None:
    out = tmp_path / "out"
    place = out / taken
    place.parent.mkdir(parents=True)
    # A file where a folder is needed, or a device that is always full.
    place.symlink_to("/dev/full")
    with pytest.raises(OutputError, match=rf"Cannot write .*{taken.removesuffix('.part')}: "):
        extract_cuhk03(mat, out)
    place.unlink()
    assert extract_cuhk03(mat, out) > 0
    place = out / "cuhk03_testsets.csv"
    place.unlink()
    place.with_name(f"{place.name}.part").symlink_to("/dev/full")
    with pytest.raises(
        OutputError, match=r"testsets\.csv: No space left on device\. Free disk space"
    ):
        extract_cuhk03(mat, out)


def test_interrupted_extraction_resumes_and_keeps_existing_images(
    mat: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "images_detected"
    extract_cuhk03(mat, tmp_path)
    whole = listing(tmp_path)
    kept = folder / f"{STEMS[0]}.png"
    os.utime(kept, (1, 1))
    # What a run that was killed leaves: images that are missing, and one half-written.
    for stem in STEMS[3:]:
        (folder / f"{stem}.png").unlink()
    (folder / f"{STEMS[3]}.png.part").write_bytes(b"\x89PNG half")
    (tmp_path / "cuhk03_testsets.csv").unlink()
    assert extract_cuhk03(mat, tmp_path) == len(STEMS) - 3
    assert listing(tmp_path) == whole
    assert kept.stat().st_mtime == 1
    assert read_pixels(folder / f"{STEMS[3]}.png").shape[2] == 3
    assert extract_cuhk03(mat, tmp_path) == 0


def test_partial_image_is_not_kept(mat: Path, tmp_path: Path) -> None:
    extract_cuhk03(mat, tmp_path)
    (tmp_path / "images_detected" / "1_001_1_05.png.part").write_bytes(b"half")
    dataset = load_dataset("cuhk03_classic_detected", tmp_path, check_counts=False, split=1)
    assert not [r for r in dataset.train if "1_001_1_05" in r.path]


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match=r"nowhere.mat, expected the file cuhk-03.mat"):
        extract_cuhk03(tmp_path / "nowhere.mat", tmp_path)


def test_file_of_another_kind_is_named(tmp_path: Path) -> None:
    write_protocol_file(tmp_path / "config.mat")
    with pytest.raises(
        DatasetFormatError, match=r"config.mat is not an HDF5 file. Pass cuhk-03.mat"
    ):
        extract_cuhk03(tmp_path / "config.mat", tmp_path)


@pytest.mark.parametrize("field", ["detected", "labeled", "testsets"])
def test_file_without_a_field_is_named_with_the_field(
    mat: Path, tmp_path: Path, field: str
) -> None:
    import h5py

    with h5py.File(mat, "a") as file:
        del file[field]
    with pytest.raises(DatasetFormatError, match=rf"cuhk-03.mat has no field '{field}'"):
        extract_cuhk03(mat, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_h5py_the_extra_is_named(
    mat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"Reading cuhk-03.mat needs the package 'h5py'"):
        extract_cuhk03(mat, tmp_path)


def test_import_of_the_datasets_needs_no_optional_package() -> None:
    code = "import sys, reid_align.datasets; print({'scipy', 'h5py'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
