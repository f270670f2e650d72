"""Saving and loading of tensors: exact round trip, and errors with tensor names."""

import json
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file as raw_load
from safetensors.torch import save_file as raw_save
from torch import Tensor
from weights_samples import TinyEncoder, info_of, same_tensors

from reid_align.errors import (
    OutputError,
    WeightsFormatError,
    WeightsIntegrityError,
    WeightsNotFoundError,
)
from reid_align.weights import load_tensors, save_tensors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tiny.safetensors"


def header(entries: dict[str, object], data: bytes = b"") -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + data


def spec(start: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def rewritten(path: Path, **changes: Tensor | None) -> Path:
    """Write the tensors of the tiny encoder with changes; None removes a tensor."""
    tensors = {name.replace(".", "__"): t for name, t in TinyEncoder(1).state_dict().items()}
    kept = {name: t for name, t in (tensors | changes).items() if t is not None}
    raw_save({name.replace("__", "."): t for name, t in kept.items()}, path)
    return path


def test_saved_tensors_load_into_another_module(path: Path) -> None:
    first, second = TinyEncoder(1), TinyEncoder(2)
    first.norm.num_batches_tracked += 7
    save_tensors(first, path, info_of(first))
    load_tensors(second, path)
    assert same_tensors(first, second)
    assert second.norm.num_batches_tracked == 7


def test_loaded_tensors_do_not_depend_on_the_file(path: Path) -> None:
    encoder = TinyEncoder(1)
    save_tensors(encoder, path, info_of(encoder))
    loaded = TinyEncoder(2)
    load_tensors(loaded, path)
    path.write_bytes(bytes(path.stat().st_size))
    assert same_tensors(loaded, encoder)


@pytest.mark.parametrize("stored", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("target", [torch.float32, torch.float16])
def test_floats_are_cast_to_the_modules_type(
    path: Path, stored: torch.dtype, target: torch.dtype
) -> None:
    encoder = TinyEncoder(1).to(stored)
    save_tensors(encoder, path, info_of(encoder))
    assert raw_load(path)["head.weight"].dtype == stored
    loaded = TinyEncoder(2).to(target)
    load_tensors(loaded, path)
    assert loaded.head.weight.dtype == target
    assert same_tensors(loaded, encoder.to(target))


def test_the_bytes_depend_on_the_content_only(path: Path, tmp_path: Path) -> None:
    encoder = TinyEncoder(1)
    save_tensors(encoder, path, info_of(encoder))
    other = tmp_path / "other.safetensors"
    save_tensors(TinyEncoder(1), other, info_of(encoder))
    assert other.read_bytes() == path.read_bytes()


def test_the_memory_layout_is_not_stored(path: Path, tmp_path: Path) -> None:
    encoder = TinyEncoder(1)
    info = info_of(encoder)
    save_tensors(encoder, path, info)
    other = tmp_path / "other.safetensors"
    save_tensors(encoder.to(memory_format=torch.channels_last), other, info)
    assert other.read_bytes() == path.read_bytes()


def test_a_saved_file_has_the_permissions_of_any_new_file(path: Path, tmp_path: Path) -> None:
    save_tensors(TinyEncoder(), path, info_of(TinyEncoder()))
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_tensors_that_share_memory_are_saved_each(path: Path) -> None:
    encoder = TinyEncoder(1)
    encoder.again = encoder.head
    save_tensors(encoder, path, info_of(encoder))
    assert torch.equal(raw_load(path)["again.weight"], encoder.head.weight)


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Cannot write"):
        save_tensors(TinyEncoder(), tmp_path / "missing" / "a.safetensors", info_of(TinyEncoder()))
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(OutputError, match=r"folder\.safetensors"):
        save_tensors(TinyEncoder(), tmp_path / "folder.safetensors", info_of(TinyEncoder()))
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.safetensors"]


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        ({"head__bias": None}, ["1 missing: head.bias"]),
        ({"tail__bias": torch.ones(1)}, ["1 unexpected: tail.bias"]),
        (
            {"head__bias": torch.ones(41), "conv__bias": torch.ones(8, 1)},
            [
                "2 of another shape or dtype: ",
                "head.bias (float32 [41] in the file, float32 [40] in the model)",
                "conv.bias (float32 [8, 1] in the file, float32 [8] in the model)",
            ],
        ),
        ({"head__bias": torch.ones(40, dtype=torch.int32)}, ["head.bias (int32 [40] in the file"]),
        ({"norm__num_batches_tracked": torch.tensor(1.0)}, ["norm.num_batches_tracked (float32"]),
        (
            {"head__bias": None, "tail__bias": torch.ones(1), "conv__bias": torch.ones(9)},
            ["1 missing: head.bias", "1 unexpected: tail.bias", "1 of another shape or dtype"],
        ),
        (
            {f"extra{i}": torch.ones(1) for i in range(9)},
            ["9 unexpected: extra0, extra1, extra2, extra3, extra4 and 4 more"],
        ),
    ],
)
def test_tensors_that_do_not_fit_are_listed(
    path: Path, changes: dict[str, Tensor | None], messages: list[str]
) -> None:
    encoder = TinyEncoder(2)
    with pytest.raises(WeightsFormatError) as caught:
        load_tensors(encoder, rewritten(path, **changes))
    assert str(caught.value).startswith(f"{path}: the tensors do not match the model.")
    assert all(message in str(caught.value) for message in messages)
    assert same_tensors(encoder, TinyEncoder(2)), "a refused file must not change the module"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_not_finite_are_refused(path: Path, value: float) -> None:
    encoder = TinyEncoder(2)
    broken = torch.full((40,), value)
    with pytest.raises(
        WeightsIntegrityError, match=r"tiny\.safetensors: .*NaN or infinity: head\.bias"
    ):
        load_tensors(encoder, rewritten(path, head__bias=broken))
    assert same_tensors(encoder, TinyEncoder(2))


def test_values_too_large_for_the_modules_type_are_refused(path: Path) -> None:
    with pytest.raises(WeightsIntegrityError, match=r"head\.bias"):
        load_tensors(TinyEncoder().half(), rewritten(path, head__bias=torch.full((40,), 1e5)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 90_000_000) + b"{}",
        struct.pack("<Q", 4) + b"nope",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 200_000) + b"[" * 200_000,
        header({"a": spec(0, 4, [1]), "b": spec(2, 6, [1])}, bytes(6)),
        header({"a": spec(4, 8, [1])}, bytes(8)),
        header({"a": spec(0, 4, [1])}, bytes(3)),
        header({"a": spec(0, 4, [1])}, bytes(9)),
        header({"a": spec(0, 4, [2**40, 2**40])}, bytes(4)),
        header({"a": spec(0, 4, [-1])}, bytes(4)),
        header({"a": spec(0, 4, [1], "X")}, bytes(4)),
        header({"__metadata__": {"reid_align": 5}}),
    ],
)
def test_hostile_and_truncated_files_are_refused_by_name(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(WeightsFormatError, match=r"tiny\.safetensors is not a safetensors file"):
        load_tensors(TinyEncoder(), path)


def test_a_truncated_copy_is_refused(path: Path) -> None:
    rewritten(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsFormatError, match=r"tiny\.safetensors is not a safetensors file"):
        load_tensors(TinyEncoder(), path)


@pytest.mark.parametrize("name", ["a.pth", "a.pt", "a.bin", "a.pth.tar", "a.safetensors", "a"])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_is_never_opened_and_the_error_gives_the_reason(
    tmp_path: Path, name: str, zipped: bool
) -> None:
    path = tmp_path / name
    state = TinyEncoder().state_dict()
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsFormatError) as caught:
        load_tensors(TinyEncoder(), path)
    assert str(path) in str(caught.value)
    assert "python -m reid_align.convert" in str(caught.value)


def test_other_invalid_files_get_no_advice_about_pickles(path: Path) -> None:
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(WeightsFormatError) as caught:
        load_tensors(TinyEncoder(), path)
    assert "pickle" not in str(caught.value)


def test_a_folder_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(WeightsFormatError, match="it is a folder"):
        load_tensors(TinyEncoder(), tmp_path)
    with pytest.raises(WeightsNotFoundError, match=r"none\.pth: no such file"):
        load_tensors(TinyEncoder(), tmp_path / "none.pth")
