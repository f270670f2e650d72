"""One file in several roles: links, spellings, copies, and shared identities."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from reid_align.cli.command import OK, command_parser, run
from reid_align.datasets import ReidDataset, load_dataset
from reid_align.errors import DatasetFormatError, DatasetWarning
from reid_align.evaluation import EvaluationOptions, evaluate
from reid_align.features import Features

# Feature of each image: the query's match is the fifth image in the gallery, after four others.
ANGLES = {"q": 0.0, "w1": 0.1, "w2": 0.2, "w3": 0.3, "w4": 0.4, "m": 0.5}


def write_images(folder: Path) -> None:
    (folder / "im").mkdir()
    for name in ANGLES:
        (folder / "im" / f"{name}.jpg").write_bytes(name.encode())


def load_list(folder: Path, aliases: Mapping[str, str], extra: str = "") -> ReidDataset:
    rows = ["im/q.jpg,1,query", "im/m.jpg,1,gallery"]
    rows += [f"im/{name}.jpg,{name},gallery" for name in ANGLES if name.startswith("w")]
    rows += [f"{path},{person},gallery" for path, person in aliases.items()]
    text = "\n".join(["path,person_id,split", *rows]) + "\n" + extra
    (folder / "list.csv").write_text(text)
    return load_dataset("csv", folder / "list.csv")


def scores(dataset: ReidDataset) -> tuple[float, float]:
    """Return rank-1 and mAP in percent."""
    (split,) = dataset.splits
    paths = sorted({record.path for record in (*split.query, *split.gallery)})
    angles = [ANGLES.get(Path(os.path.realpath(path)).stem, 0.0) for path in paths]
    values = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    options = EvaluationOptions(metrics=("cosine",))
    row = evaluate(dataset, Features(values, tuple(paths), ()), options).scores[0]
    return 100 * row.cmc[0], 100 * row.mean_average_precision


def hard_link(folder: Path) -> str:
    os.link(folder / "im/q.jpg", folder / "im/hard.jpg")
    return "im/hard.jpg"


def symbolic_link(folder: Path) -> str:
    (folder / "im/soft.jpg").symlink_to("q.jpg")
    return "im/soft.jpg"


def linked_folder(folder: Path) -> str:
    (folder / "other").symlink_to("im")
    return "other/q.jpg"


ALIASES = {
    "hard link": hard_link,
    "symbolic link": symbolic_link,
    "linked folder": linked_folder,
    "same path": lambda folder: "im/q.jpg",
    "leading dot": lambda folder: "./im/q.jpg",
    "parent folder": lambda folder: "im/../im/q.jpg",
    "absolute path": lambda folder: str(folder / "im/q.jpg"),
}


@pytest.mark.parametrize("kind", ALIASES)
def test_query_file_is_left_out_of_its_gallery(tmp_path: Path, kind: str) -> None:
    write_images(tmp_path)
    expected = pytest.approx((0.0, 20.0))
    assert scores(load_list(tmp_path, {})) == expected
    assert scores(load_list(tmp_path, {ALIASES[kind](tmp_path): "1"})) == expected


@pytest.mark.parametrize("kind", ALIASES)
def test_file_with_two_identities_is_refused(tmp_path: Path, kind: str) -> None:
    write_images(tmp_path)
    with pytest.raises(DatasetFormatError, match=r"with person_id .* are the same file") as error:
        load_list(tmp_path, {ALIASES[kind](tmp_path): "2"})
    assert "q.jpg" in str(error.value)


def test_file_that_is_junk_and_an_identity_is_refused(tmp_path: Path) -> None:
    write_images(tmp_path)
    with pytest.raises(DatasetFormatError, match=r"person_id -1 .* are the same file"):
        load_list(tmp_path, {"./im/q.jpg": "-1"})


def test_file_with_two_cameras_is_refused(tmp_path: Path) -> None:
    write_images(tmp_path)
    (tmp_path / "list.csv").write_text(
        "path,person_id,camera_id,split\nim/q.jpg,1,1,query\n./im/q.jpg,1,2,gallery\n"
    )
    with pytest.raises(DatasetFormatError, match=r"camera_id 2 .*the same file"):
        load_dataset("csv", tmp_path / "list.csv")


def test_file_twice_in_one_part_is_refused(tmp_path: Path) -> None:
    write_images(tmp_path)
    with pytest.raises(DatasetFormatError, match="of gallery are the same file: keep one"):
        load_list(tmp_path, {"./im/m.jpg": "1"})


def test_folders_are_checked_for_links_too(tmp_path: Path) -> None:
    for name in ("query/1_a.jpg", "gallery/1_b.jpg", "gallery/2_c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    os.link(tmp_path / "query/1_a.jpg", tmp_path / "gallery/1_a.jpg")
    pattern = r"^(?P<person_id>\d+)_"
    (split,) = load_dataset("folder", tmp_path, pattern=pattern).splits
    assert {record.path for record in split.query} < {record.path for record in split.gallery}
    os.link(tmp_path / "query/1_a.jpg", tmp_path / "gallery/2_a.jpg")
    with pytest.raises(DatasetFormatError, match="the same file"):
        load_dataset("folder", tmp_path, pattern=pattern)


def test_copies_are_counted_in_a_warning(tmp_path: Path) -> None:
    write_images(tmp_path)
    for name in ("copy1", "copy2"):
        (tmp_path / f"im/{name}.jpg").write_bytes(b"q")
    with pytest.warns(
        DatasetWarning,
        match=r"2 byte-equal copies among the 8 test images .*copy1\.jpg and .*copy2",
    ):
        load_list(tmp_path, {"im/copy1.jpg": "1", "im/copy2.jpg": "3"})


def test_images_of_equal_size_and_start_are_not_copies(tmp_path: Path) -> None:
    write_images(tmp_path)
    for number, end in enumerate((b"a", b"b")):
        (tmp_path / f"im/long{number}.jpg").write_bytes(b"x" * 5000 + end)
    load_list(tmp_path, {"im/long0.jpg": "8", "im/long1.jpg": "9"})


def test_shared_training_and_test_identities_are_counted_in_a_warning(tmp_path: Path) -> None:
    write_images(tmp_path)
    for name in ("t1", "t2"):
        (tmp_path / f"im/{name}.jpg").write_bytes(name.encode())
    with pytest.warns(DatasetWarning, match="1 of 5 test identities .* also training identities"):
        load_list(tmp_path, {}, "im/t1.jpg,1,train\nim/t2.jpg,99,train\n")


@pytest.mark.filterwarnings("default")
def test_commands_print_a_warning_as_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_images(tmp_path)
    (tmp_path / "im/copy.jpg").write_bytes(b"q")

    def command(_: argparse.Namespace) -> int:
        load_list(tmp_path, {"im/copy.jpg": "1"})
        return OK

    assert run(command_parser("evaluate", ""), command, []) == OK
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "python -m reid_align.evaluate: warning: csv: 1 byte-equal copies among "
    )
