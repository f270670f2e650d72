import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dataset_trees import cuhk03
from scipy.io import loadmat, savemat
from small_cuhk03 import CUHK03_TRAIN_IDS, cuhk03_names, write_protocol_file

from reid_align.datasets import ReidDataset, load_dataset
from reid_align.errors import DatasetFormatError, MissingExtraError

PROTOCOL_FILE = "cuhk03_new_protocol_config_detected.mat"

# A real copy is used where there is one: REID_ALIGN_CUHK03 is the folder with the protocol file
# and images_detected/. Its numbers are those of Zhong et al., CVPR 2017.
GOLDEN = {"": (18, 6, 8)}
if os.environ.get("REID_ALIGN_CUHK03"):
    GOLDEN[os.environ["REID_ALIGN_CUHK03"]] = (7365, 1400, 5332)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return cuhk03(tmp_path, "detected").root


def load(root: Path) -> ReidDataset:
    return load_dataset("cuhk03_detected", root, check_counts=False)


@pytest.mark.parametrize(("real", "counts"), GOLDEN.items())
def test_new_protocol_has_the_published_counts_and_structure(
    real: str, counts: tuple[int, ...], tmp_path: Path
) -> None:
    tree = cuhk03(tmp_path, "detected")
    options = {} if real else tree.options
    dataset = load_dataset("cuhk03_detected", real or tree.root, **options)
    ((query, gallery),) = ((s.query, s.gallery) for s in dataset.splits)
    assert (len(dataset.train), len(query), len(gallery)) == counts
    assert set(Counter((r.person_id, r.camera_id) for r in query).values()) == {1}
    assert {r.person_id for r in query} == {r.person_id for r in gallery}
    assert not {r.path for r in query} & {r.path for r in gallery}
    assert not {r.person_id for r in dataset.train} & {r.person_id for r in query}
    for record in (*dataset.train, *query, *gallery):
        assert record.camera_id == int(os.path.basename(record.path).split("_")[2])


@pytest.mark.parametrize("real", GOLDEN)
def test_generated_protocol_file_has_the_types_of_the_published_one(
    real: str, tmp_path: Path
) -> None:
    path = Path(real) if real else tmp_path
    if not real:
        write_protocol_file(path / PROTOCOL_FILE)
    mat = loadmat(path / PROTOCOL_FILE)
    number = len(mat["filelist"])
    assert {k: (v.dtype.str, v.shape) for k, v in mat.items() if not k.startswith("__")} == {
        "camId": ("|u1", (number, 1)),
        "filelist": ("|O", (number, 1)),
        "labels": ("<u2", (number, 1)),
        "query_idx": ("<u2", (len(mat["query_idx"]), 1)),
        "gallery_idx": ("<u2", (len(mat["gallery_idx"]), 1)),
        "train_idx": ("<u2", (len(mat["train_idx"]), 1)),
    }
    assert mat["filelist"][0, 0].tolist() == ["1_001_1_01.png"]
    assert mat["filelist"][0, 0].dtype.str == "<U14"
    assert mat["train_idx"][0, 0] == 1


def test_records_match_the_rows_of_the_protocol_file(root: Path, tmp_path: Path) -> None:
    train, query, gallery = write_protocol_file(tmp_path / PROTOCOL_FILE)
    images = cuhk03_names()
    dataset = load(root)
    (split,) = dataset.splits
    for records, rows in ((dataset.train, train), (split.query, query), (split.gallery, gallery)):
        found = [(Path(r.path).stem, r.person_id, r.camera_id) for r in records]
        assert found == [images[row] for row in rows]
    assert {r.person_id for r in dataset.train} == set(CUHK03_TRAIN_IDS)


def test_jpeg_copies_are_found_and_a_png_is_preferred(root: Path) -> None:
    folder = root / "images_detected"
    for path in folder.iterdir():
        path.rename(path.with_suffix(".jpg"))
    (folder / "1_001_1_02.png").touch()
    names = [os.path.basename(record.path) for record in load(root).train]
    assert names[:3] == ["1_001_1_01.jpg", "1_001_1_02.png", "1_001_2_06.jpg"]


def test_missing_images_are_counted_and_the_first_is_named(root: Path) -> None:
    for name in ("1_004_1_01.png", "1_004_2_06.png"):
        (root / "images_detected" / name).unlink()
    said = "2 of the 18 images in .*config_detected.mat are missing, the first is .*/1_004_1_01.png"
    with pytest.raises(DatasetFormatError, match=said):
        load(root)


def test_extracted_images_without_the_protocol_file_say_where_it_is(root: Path) -> None:
    (root / PROTOCOL_FILE).unlink()
    with pytest.raises(FileNotFoundError, match=r"other .mat is at https://github.com/zhunzhong07"):
        load(root)


def test_only_cuhk03_mat_says_how_to_extract_it(tmp_path: Path) -> None:
    (tmp_path / "cuhk-03.mat").touch()
    with pytest.raises(FileNotFoundError, match=r"extract_cuhk03 makes .* found cuhk-03.mat"):
        load(tmp_path)


@pytest.mark.parametrize("length", [0, 100, 130, 200, 600])
def test_truncated_protocol_file_is_named(root: Path, length: int) -> None:
    path = root / PROTOCOL_FILE
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DatasetFormatError, match=rf"{PROTOCOL_FILE} cannot be read as a protocol"):
        load(root)


MATLAB_7_3 = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"


@pytest.mark.parametrize(
    ("start", "damage", "reason"),
    [
        (200, bytes(60), "decompressing"),
        (128, b"\x99\x99", "miMATRIX"),
        (0, b"path,person_id\n".ljust(128), "Unknown mat file type"),
        (0, MATLAB_7_3, "HDF reader"),  # what cuhk-03.mat is, under the wrong name
    ],
)
def test_damaged_or_other_file_is_named(root: Path, start: int, damage: bytes, reason: str) -> None:
    path = root / PROTOCOL_FILE
    content = bytearray(path.read_bytes())
    content[start : start + len(damage)] = damage
    path.write_bytes(content)
    with pytest.raises(DatasetFormatError, match=rf"{PROTOCOL_FILE} cannot be .*: .*{reason}"):
        load(root)


@pytest.mark.parametrize("field", ["filelist", "labels", "camId", "train_idx", "gallery_idx"])
def test_protocol_file_without_a_field_is_named_with_the_field(root: Path, field: str) -> None:
    path = root / PROTOCOL_FILE
    mat = {k: v for k, v in loadmat(path).items() if not k.startswith("__") and k != field}
    savemat(path, mat)
    with pytest.raises(DatasetFormatError, match=rf"{PROTOCOL_FILE} cannot be .*'{field}'"):
        load(root)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("labels", lambda column: column[:-1]),
        ("camId", lambda column: column[:-1]),
        ("query_idx", lambda column: column * 0),
        ("train_idx", lambda column: column + 1000),
    ],
)
def test_inconsistent_fields_are_refused(
    root: Path, field: str, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    path = root / PROTOCOL_FILE
    mat = {k: v for k, v in loadmat(path).items() if not k.startswith("__")}
    savemat(path, {**mat, field: change(mat[field])})
    with pytest.raises(DatasetFormatError, match=r"fields are inconsistent. Download it again"):
        load(root)


def test_without_scipy_the_extra_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "scipy.io", None)
    with pytest.raises(MissingExtraError, match=r"'scipy'.*pip install scipy .*\[cuhk03\]"):
        load(root)
