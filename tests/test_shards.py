import json
from pathlib import Path

import numpy as np
import pytest

from reid_align.errors import (
    DatasetFormatError,
    DatasetNotFoundError,
    InvalidInputError,
    OutputError,
)
from reid_align.files import writing
from reid_align.shard_set import ShardSet, begin_set, missing_shards, shard_path
from reid_align.shards import ShardFile, Table, write_shard

SETTINGS = {"identities": 5, "pit": False}


def table(start: int, count: int) -> Table:
    numbers = np.arange(start, start + count, dtype=np.int32)
    return Table(
        {"number": numbers, "box": np.outer(numbers, [1.0, 0.5])},
        {"text": [b"x" * int(number) for number in numbers]},
    )


def write_set(folder: Path) -> None:
    for index, (start, count) in enumerate(((0, 3), (3, 2))):
        if index in begin_set(folder, SETTINGS, 2):
            write_shard(shard_path(folder, index), {"things": table(start, count)})


def test_rows_are_numbered_across_shards(tmp_path: Path) -> None:
    write_set(tmp_path)
    found = ShardSet(tmp_path)
    assert found.length("things") == 5
    assert found.column("things", "number").tolist() == [0, 1, 2, 3, 4]
    assert found.column("things", "box").shape == (5, 2)
    assert [found.file("things", "text", row) for row in range(5)] == [b"x" * n for n in range(5)]
    assert found.settings == SETTINGS


def test_a_shard_without_rows_reads_as_empty(tmp_path: Path) -> None:
    write_shard(tmp_path / "a", {"things": table(0, 0)})
    assert ShardFile(tmp_path / "a").length("things") == 0


def test_writing_leaves_no_partial_files(tmp_path: Path) -> None:
    write_set(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["set.json", "shard-00000.safetensors", "shard-00001.safetensors"]


@pytest.mark.parametrize("kept", [0, 4, 200, -1])
def test_truncated_shard_is_named(tmp_path: Path, kept: int) -> None:
    write_set(tmp_path)
    path = shard_path(tmp_path, 1)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DatasetFormatError, match="shard-00001"):
        ShardSet(tmp_path)


def test_a_shard_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_shard(path, {"things": table(0, 2)})
    path.write_bytes(path.read_bytes().replace(b'"format":"1"', b'"format":"7"'))
    with pytest.raises(DatasetFormatError, match="format 7"):
        ShardFile(path)


def test_a_set_of_another_format_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path)
    path = tmp_path / "set.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(DatasetFormatError, match="format 2"):
        ShardSet(tmp_path)
    with pytest.raises(OutputError, match="format was 2, now 1"):
        begin_set(tmp_path, SETTINGS, 2)


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 1}'])
def test_a_damaged_description_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "set.json").write_text(content)
    with pytest.raises(DatasetFormatError, match=r"set\.json"):
        ShardSet(tmp_path)


def test_a_folder_without_a_set_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match=r"set\.json"):
        ShardSet(tmp_path)
    with pytest.raises(DatasetNotFoundError, match="no such folder"):
        ShardSet(tmp_path / "nowhere")


def test_an_unfinished_set_is_refused_and_can_be_finished(tmp_path: Path) -> None:
    write_set(tmp_path)
    shard_path(tmp_path, 0).unlink()
    with pytest.raises(DatasetFormatError, match="1 of 2 shards are missing"):
        ShardSet(tmp_path)
    assert begin_set(tmp_path, SETTINGS, 2) == [0]
    write_set(tmp_path)
    assert missing_shards(tmp_path, 2) == []
    assert ShardSet(tmp_path).length("things") == 5


def test_partial_files_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    begin_set(tmp_path, SETTINGS, 2)
    names = ("set.json", "shard-00000.safetensors", "texture_mask.png")
    for name in names:
        (tmp_path / f"{name}.12345.partial").write_bytes(b"half")
    begin_set(tmp_path, SETTINGS, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["set.json"]


def test_run_killed_before_the_first_file_is_resumed(tmp_path: Path) -> None:
    (tmp_path / "set.json.12345.partial").write_bytes(b"half")
    assert begin_set(tmp_path, SETTINGS, 2) == [0, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["set.json"]


def test_other_partial_files_are_kept(tmp_path: Path) -> None:
    (tmp_path / "film.mkv.partial").write_bytes(b"mine")
    (tmp_path / "shard-00000.safetensors.1.partial").mkdir()
    before = set(tmp_path.iterdir())
    with pytest.raises(OutputError, match="not empty"):
        begin_set(tmp_path, SETTINGS, 2)
    assert set(tmp_path.iterdir()) == before
    write_set(tmp_path / "set")
    (tmp_path / "film.mkv.partial").rename(tmp_path / "set" / "film.mkv.partial")
    assert begin_set(tmp_path / "set", SETTINGS, 2) == []
    assert (tmp_path / "set" / "film.mkv.partial").read_bytes() == b"mine"


def test_nothing_is_removed_from_a_set_of_other_settings(tmp_path: Path) -> None:
    begin_set(tmp_path, SETTINGS, 2)
    partial = tmp_path / "shard-00000.safetensors.12345.partial"
    partial.write_bytes(b"half")
    with pytest.raises(OutputError, match="Use the same settings"):
        begin_set(tmp_path, SETTINGS, 3)
    assert partial.exists()


@pytest.mark.parametrize("kept", [0, 4, 200, -1])
def test_truncated_shard_is_written_again(tmp_path: Path, kept: int) -> None:
    write_set(tmp_path)
    path = shard_path(tmp_path, 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:kept])
    assert begin_set(tmp_path, SETTINGS, 2) == [1]
    write_set(tmp_path)
    assert path.read_bytes() == whole


def test_other_settings_do_not_continue_a_set(tmp_path: Path) -> None:
    begin_set(tmp_path, SETTINGS, 2)
    with pytest.raises(OutputError, match=r"\(identities was 5, now 6\)\. Use the same settings"):
        begin_set(tmp_path, {**SETTINGS, "identities": 6}, 2)
    with pytest.raises(OutputError, match=r"\(shards was 2, now 3, speed was None, now 1\)"):
        begin_set(tmp_path, {**SETTINGS, "speed": 1}, 3)


def test_other_description_does_not_continue(tmp_path: Path) -> None:
    (tmp_path / "set.json").write_text('["format"]')
    with pytest.raises(OutputError, match="identities was None, now 5"):
        begin_set(tmp_path, SETTINGS, 2)


def test_a_folder_with_other_files_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        begin_set(tmp_path, SETTINGS, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_description_that_is_not_json_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "set.json").write_text("{")
    with pytest.raises(OutputError, match="not valid JSON"):
        begin_set(tmp_path, SETTINGS, 2)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "set"):
        with pytest.raises(OutputError) as caught:
            begin_set(folder, SETTINGS, 2)
        assert str(caught.value) == (
            f"Cannot write {folder}: a file exists where a folder is needed. "
            "Choose another output, then try again."
        )


def test_full_disk_is_reported(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"No space left on device\. Free disk space or"),
        writing(tmp_path),
    ):
        Path("/dev/full").write_bytes(b"x")


def test_unwritable_shard_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputError, match="Files written before are complete"):
        write_shard(tmp_path / "a", {"things": table(0, 3)})
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("row", [-1, 5])
def test_a_row_that_does_not_exist_is_refused(tmp_path: Path, row: int) -> None:
    write_set(tmp_path)
    with pytest.raises(InvalidInputError, match="5 rows"):
        ShardSet(tmp_path).file("things", "text", row)


@pytest.mark.parametrize("row", [-1, 3])
def test_row_outside_a_shard_is_refused(tmp_path: Path, row: int) -> None:
    write_set(tmp_path)
    with pytest.raises(InvalidInputError, match="3 rows"):
        ShardFile(shard_path(tmp_path, 0)).file("things", "text", row)


def test_unknown_tables_and_columns_are_named(tmp_path: Path) -> None:
    write_set(tmp_path)
    shard = ShardFile(shard_path(tmp_path, 0))
    with pytest.raises(DatasetFormatError, match="'others'"):
        shard.length("others")
    with pytest.raises(DatasetFormatError, match="things/weight"):
        shard.column("things", "weight")
    with pytest.raises(DatasetFormatError, match="things/image"):
        shard.file("things", "image", 0)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="equal length"):
        Table({"number": np.arange(3)}, {"text": [b"a"]})
    with pytest.raises(InvalidInputError, match="no column"):
        Table()


def test_description_is_readable_json(tmp_path: Path) -> None:
    begin_set(tmp_path, SETTINGS, 2)
    content = json.loads((tmp_path / "set.json").read_text())
    assert content == {"format": 1, "shards": 2, "settings": SETTINGS}
