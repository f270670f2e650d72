import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

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


DAMAGED_DESCRIPTIONS = {
    "empty": "",
    "cut": "{",
    "list": "[]",
    "number": "1",
    "null": "null",
    "not UTF-8": b'{"format": 1, "shards": 2, "settings": {"a": "\xff"}}',
    "not text": bytes(range(256)),
    "no keys": "{}",
    "only the format": '{"format": 1}',
    "no settings": '{"format": 1, "shards": 2}',
    "format as text": '{"format": "1", "shards": 2, "settings": {}}',
    "format as bool": '{"format": true, "shards": 2, "settings": {}}',
    "format as float": '{"format": 1.0, "shards": 2, "settings": {}}',
    "format null": '{"format": null, "shards": 2, "settings": {}}',
    "format NaN": '{"format": NaN, "shards": 2, "settings": {}}',
    "no shards": '{"format": 1, "shards": 0, "settings": {}}',
    "negative": '{"format": 1, "shards": -1, "settings": {}}',
    "float": '{"format": 1, "shards": 2.5, "settings": {}}',
    "whole float": '{"format": 1, "shards": 2.0, "settings": {}}',
    "text": '{"format": 1, "shards": "2", "settings": {}}',
    "bool": '{"format": 1, "shards": true, "settings": {}}',
    "list of shards": '{"format": 1, "shards": [2], "settings": {}}',
    "infinity": '{"format": 1, "shards": Infinity, "settings": {}}',
    "minus infinity": '{"format": 1, "shards": -Infinity, "settings": {}}',
    "overflow": '{"format": 1, "shards": 1e999, "settings": {}}',
    "many digits": f'{{"format": 1, "shards": {"9" * 5000}, "settings": {{}}}}',
    "settings as list": '{"format": 1, "shards": 2, "settings": [1]}',
    "settings null": '{"format": 1, "shards": 2, "settings": null}',
    "setting null": '{"format": 1, "shards": 2, "settings": {"a": null}}',
    "setting NaN": '{"format": 1, "shards": 2, "settings": {"a": NaN}}',
    "setting as list": '{"format": 1, "shards": 2, "settings": {"a": [1]}}',
    "nested settings": '{"format": 1, "shards": 2, "settings": {"a": {"b": 1}}}',
    "deeply nested": "[" * 100_000,
    "deeply nested objects": '{"a":' * 100_000,
    "large": '{"format": 1, "shards": 2, "settings": {"a": "' + "x" * 2**21 + '"}}',
}


@pytest.mark.parametrize("content", DAMAGED_DESCRIPTIONS.values(), ids=DAMAGED_DESCRIPTIONS)
def test_a_damaged_description_is_named(tmp_path: Path, content: str | bytes) -> None:
    write_set(tmp_path)
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "set.json").write_bytes(data)
    with pytest.raises(DatasetFormatError, match=r"set\.json") as caught:
        ShardSet(tmp_path)
    assert len(str(caught.value)) < 500
    with pytest.raises(OutputError, match=r"set\.json") as refused:
        begin_set(tmp_path, SETTINGS, 2)
    assert len(str(refused.value)) < 500
    assert (tmp_path / "set.json").read_bytes() == data


@pytest.mark.parametrize("count", [3, 2**31, 2**63, 10**300])
def test_a_description_with_too_many_shards_is_refused_at_once(tmp_path: Path, count: int) -> None:
    write_set(tmp_path)
    text = (tmp_path / "set.json").read_text().replace('"shards": 2', f'"shards": {count}')
    (tmp_path / "set.json").write_text(text)
    with pytest.raises(DatasetFormatError, match=f"{count - 2} of {count} shards are missing"):
        ShardSet(tmp_path)


def test_shards_that_the_description_does_not_list_are_refused(tmp_path: Path) -> None:
    write_set(tmp_path)
    text = (tmp_path / "set.json").read_text().replace('"shards": 2', '"shards": 1')
    (tmp_path / "set.json").write_text(text)
    with pytest.raises(DatasetFormatError, match=r"lists 1 shards, but shard-00001"):
        ShardSet(tmp_path)
    (tmp_path / "shard-00001.safetensors").rename(tmp_path / "shard-100001.safetensors")
    with pytest.raises(DatasetFormatError, match="shard-100001"):
        ShardSet(tmp_path)


def test_files_with_similar_names_are_not_shards(tmp_path: Path) -> None:
    write_set(tmp_path)
    names = ("shard-1.safetensors", "shard-000007.safetensors", "shard-00009.safetensors.bak")
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    assert ShardSet(tmp_path).length("things") == 5


@pytest.mark.parametrize(
    "columns",
    [
        {"number": np.arange(2, dtype=np.int64), "box": np.zeros((2, 2))},
        {"number": np.arange(2, dtype=np.int32), "box": np.zeros((2, 3))},
        {"number": np.arange(2, dtype=np.int32), "box": np.zeros((2, 2, 1))},
    ],
)
def test_a_shard_of_another_set_is_named(tmp_path: Path, columns: dict) -> None:
    write_set(tmp_path)
    write_shard(shard_path(tmp_path, 1), {"things": Table(columns, {"text": [b"a", b"b"]})})
    found = ShardSet(tmp_path)
    with pytest.raises(DatasetFormatError, match=r"shard-00001.*but in shard-00000"):
        [found.column("things", name) for name in ("number", "box")]


BYTES = np.frombuffer(b"abc", np.uint8)
DAMAGED_FILES = {
    "negative": {"offsets": np.array([0, -1, 3])},
    "start after the end": {"offsets": np.array([0, 4, 3])},
    "past the end": {"offsets": np.array([0, 1, 4])},
    "before the end": {"offsets": np.array([0, 1, 2])},
    "not from zero": {"offsets": np.array([1, 2, 3])},
    "largest numbers": {"offsets": np.array([0, 2**63 - 1, 3])},
    "smallest numbers": {"offsets": np.array([0, -(2**63), 3])},
    "unsigned": {"offsets": np.array([0, 2**64 - 1, 3], np.uint64)},
    "floats": {"offsets": np.array([0, 1.0, 3.0])},
    "not finite": {"offsets": np.array([0, np.inf, np.nan])},
    "two dimensions": {"offsets": np.array([[0, 1, 3]])},
    "no dimension": {"offsets": np.array(3)},
    "empty": {"offsets": np.zeros(0, np.int64)},
    "bytes as numbers": {"bytes": np.arange(3)},
    "bytes in rows": {"bytes": BYTES[None]},
    "no bytes": {"bytes": None},
    "no offsets": {"offsets": None},
}


@pytest.mark.parametrize("damage", DAMAGED_FILES.values(), ids=DAMAGED_FILES)
def test_damaged_offsets_are_named(tmp_path: Path, damage: dict) -> None:
    parts = {"bytes": BYTES, "offsets": np.array([0, 1, 3]), **damage}
    tensors = {f"t/f:{name}": array for name, array in parts.items() if array is not None}
    path = tmp_path / "shard"
    path.write_bytes(save({**tensors, "t/n": np.arange(2)}, {"format": "1"}))
    for row in (0, 1):
        with pytest.raises(DatasetFormatError, match=str(path)):
            ShardFile(path).file("t", "f", row)


@pytest.mark.parametrize("shape", [(), (3,)])
def test_columns_that_do_not_fit_the_table_are_named(tmp_path: Path, shape: tuple) -> None:
    path = tmp_path / "shard"
    path.write_bytes(save({"t/n": np.arange(2), "t/m": np.zeros(shape)}, {"format": "1"}))
    with pytest.raises(DatasetFormatError, match=str(path)):
        ShardFile(path).length("t")


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "F999"])
def test_a_column_with_another_dtype_is_named(tmp_path: Path, dtype: str) -> None:
    # With this package, a dependency of ONNX, NumPy reads bfloat16.
    importlib.import_module("ml_dtypes")
    size = 2 if dtype == "BF16" else 1
    header = json.dumps(
        {
            "__metadata__": {"format": "1"},
            "t/n": {"dtype": dtype, "shape": [2], "data_offsets": [0, 2 * size]},
        }
    ).encode()
    path = tmp_path / "shard"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(2 * size))
    with pytest.raises(DatasetFormatError, match=str(path)):
        ShardFile(path).column("t", "n")


def test_a_folder_with_the_name_of_a_shard_is_named(tmp_path: Path) -> None:
    write_set(tmp_path)
    shard_path(tmp_path, 1).unlink()
    shard_path(tmp_path, 1).mkdir()
    with pytest.raises(DatasetFormatError, match="shard-00001"):
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
    with pytest.raises(OutputError, match=r"not the description .* Choose another folder"):
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
