"""Files that are not official SAN checkpoints are refused, and no code runs."""

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from official_san import decoder_shapes, encoder_shapes
from torch import Tensor, nn

from reid_align.conversion import convert_checkpoint
from reid_align.errors import (
    OutputError,
    WeightsError,
    WeightsFormatError,
    WeightsIntegrityError,
    WeightsNotFoundError,
)
from reid_align.models import from_pretrained

State = dict[str, Tensor]


def blank(shapes: dict[str, tuple[int, ...]]) -> State:
    """Create tensors that need no space in a file, by expanding one element."""
    zero, one = torch.zeros(()), torch.ones(())
    return {
        name: torch.tensor(0)
        if name.endswith("num_batches_tracked")
        else (zero if len(shape) > 1 else one).expand(shape)
        for name, shape in shapes.items()
    }


@pytest.fixture
def encoder() -> State:
    return blank(encoder_shapes())


@pytest.fixture
def decoder() -> State:
    return blank(decoder_shapes())


def refusal(tmp_path: Path, content: object, error: type[WeightsError] = WeightsFormatError) -> str:
    """Save, convert and return the error message; no output may be left."""
    path = tmp_path / "checkpoint.pth.tar"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(error) as caught:
        convert_checkpoint(path, tmp_path / "out")
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint.pth.tar"]
    assert str(path) in str(caught.value)
    return str(caught.value)


class Payload:
    """Runs a command when it is unpickled in full."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch '{self.witness}'",)


def raw_pickle(payload: object, protocol: int) -> bytes:
    return pickle.dumps({"state_dict": payload}, protocol)


def saved(payload: object, zipped: bool) -> bytes:
    file = io.BytesIO()
    torch.save({"state_dict": payload}, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


FORMS = {
    "zip": lambda payload: saved(payload, zipped=True),
    "before torch 1.6": lambda payload: saved(payload, zipped=False),
    "pickle, protocol 2": lambda payload: raw_pickle(payload, 2),
    "pickle, protocol 4": lambda payload: raw_pickle(payload, 4),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_malicious_pickle_is_refused_and_never_run(
    tmp_path_factory: pytest.TempPathFactory, form: str
) -> None:
    witness = tmp_path_factory.mktemp("witness") / "ran"
    content = FORMS[form](Payload(witness))
    text = refusal(tmp_path_factory.mktemp("hostile"), content)
    assert not witness.exists()
    assert "weights_only" not in text


def test_the_payload_of_these_tests_does_run_when_it_is_unpickled(tmp_path: Path) -> None:
    pickle.loads(FORMS["pickle, protocol 2"](Payload(tmp_path / "ran")))
    assert (tmp_path / "ran").exists()


def test_the_error_names_the_code_that_a_pickle_refers_to(tmp_path: Path) -> None:
    text = refusal(tmp_path, saved(Payload(tmp_path / "ran"), zipped=True))
    assert f"refers to {os.system.__module__}.system" in text


@pytest.mark.parametrize("zipped", [True, False])
def test_a_whole_module_is_refused(tmp_path: Path, zipped: bool) -> None:
    file = io.BytesIO()
    torch.save(nn.Linear(2, 2), file, _use_new_zipfile_serialization=zipped)
    text = refusal(tmp_path, file.getvalue())
    assert "refers to torch.nn.modules.linear.Linear" in text
    assert "SAN-PG" in text


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pth.tar"
    with path.open("wb") as file:
        file.truncate(513 * 2**20)
    with pytest.raises(WeightsFormatError, match="has 537919488 bytes"):
        convert_checkpoint(path, tmp_path / "out")


def test_a_zip_that_unpacks_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pth.tar"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("archive/data/0", "w") as entry,
    ):
        for _ in range(513):
            entry.write(bytes(2**20))
    assert path.stat().st_size < 4 * 2**20
    with pytest.raises(WeightsFormatError, match="has 537919488 bytes"):
        convert_checkpoint(path, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"\x80\x02", b"no pickle at all"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "or damaged" in refusal(tmp_path, content)


def test_a_zip_with_names_that_are_not_utf8_is_refused(tmp_path: Path) -> None:
    stored = io.BytesIO()
    torch.save({"state_dict": {}}, stored)
    renamed = stored.getvalue().replace(b"/data.pkl", b"/d\xff\xfea.pkl")
    assert "damaged (UnicodeDecodeError)" in refusal(tmp_path, renamed)


def test_a_truncated_checkpoint_is_refused(tmp_path: Path, encoder: State) -> None:
    for zipped in (True, False):
        content = saved(encoder, zipped)
        assert "or damaged" in refusal(tmp_path, content[: len(content) // 2])


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsNotFoundError, match="no such file"):
        convert_checkpoint(tmp_path / "missing.pth.tar", tmp_path / "out")
    with pytest.raises(WeightsFormatError, match="it is a folder"):
        convert_checkpoint(tmp_path, tmp_path / "out")


def test_other_objects_than_dictionaries_are_refused(tmp_path: Path) -> None:
    assert "contains a list" in refusal(tmp_path, [torch.ones(2)])
    assert "expected a state dict, got a list" in refusal(tmp_path, {"state_dict": [1]})


@pytest.mark.parametrize("content", [{}, {"decoder_state_dict": {}}, {"epoch": 3}])
def test_a_missing_state_dict_is_named(tmp_path: Path, content: dict[str, object]) -> None:
    text = refusal(tmp_path, content)
    assert "expected a state dict, or exactly one entry state_dict or model" in text
    assert str(sorted(content)) in text


def test_missing_and_unknown_tensors_are_named(
    tmp_path: Path, encoder: State, decoder: State
) -> None:
    encoder["fc.9.weight"] = encoder.pop("fc.1.weight")
    text = refusal(tmp_path, {"state_dict": encoder})
    assert "checkpoint.pth.tar: state_dict does not match" in text
    assert "1 missing: fc.1.weight. 1 unknown: fc.9.weight." in text
    decoder["up5.conv.2.bias"] = decoder.pop("up4.conv.2.bias")
    text = refusal(tmp_path, {"state_dict": blank(encoder_shapes()), "decoder_state_dict": decoder})
    assert "checkpoint.pth.tar: decoder_state_dict does not match" in text
    assert "1 missing: up4.conv.2.bias. 1 unknown: up5.conv.2.bias." in text


def test_names_of_this_library_are_unknown(tmp_path: Path, encoder: State) -> None:
    encoder["embed.fc.weight"] = encoder["fc.0.weight"]
    assert "1 unknown: embed.fc.weight." in refusal(tmp_path, {"state_dict": encoder})


def test_many_problems_are_listed_in_part(tmp_path: Path, encoder: State) -> None:
    state = {name: encoder[name] for name in ("conv1.weight", "fc.0.weight", "bn1.running_var")}
    text = refusal(tmp_path, {"state_dict": state})
    assert "missing: bn1.weight" in text
    assert "more." in text


@pytest.mark.parametrize(
    ("name", "tensor", "problem"),
    [
        ("conv1.weight", torch.ones(64, 3, 3, 3), "float32 [64, 3, 3, 3] instead of"),
        ("bn1.weight", torch.ones(64).long(), "int64 [64] instead of float32 [64]"),
        ("bn1.weight", torch.ones(64, dtype=torch.complex64), "complex64 [64] instead of"),
        ("bn1.num_batches_tracked", torch.tensor(1.0), "float32 [] instead of int64 []"),
    ],
)
def test_shapes_and_types_are_compared(
    tmp_path: Path, encoder: State, name: str, tensor: Tensor, problem: str
) -> None:
    text = refusal(tmp_path, {"state_dict": {**encoder, name: tensor}})
    assert f"1 of another shape or dtype: {name} ({problem}" in text


@pytest.mark.parametrize(
    "value", [torch.ones(64).to_sparse(), torch.ones(64, device="meta"), 1.0, "text", None]
)
def test_only_dense_tensors_are_accepted(tmp_path: Path, encoder: State, value: object) -> None:
    text = refusal(tmp_path, {"state_dict": {**encoder, "bn1.bias": value}})
    assert "bn1.bias is not a dense tensor" in text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_is_refused(
    tmp_path: Path, encoder: State, value: float
) -> None:
    encoder["bn1.bias"] = torch.full((64,), value)
    text = refusal(tmp_path, {"state_dict": encoder}, WeightsIntegrityError)
    assert "NaN or infinity: bn1.bias" in text


def test_one_tensor_with_and_without_prefix_is_refused(tmp_path: Path, encoder: State) -> None:
    encoder["module.bn1.bias"] = encoder["bn1.bias"]
    text = refusal(tmp_path, {"state_dict": encoder})
    assert "has bn1.bias with and without a prefix" in text


@pytest.mark.parametrize(
    ("weight", "bias"),
    [((10, 512), (9,)), ((10, 512), ()), ((512,), (10,))],
)
def test_a_classifier_of_another_shape_is_refused(
    tmp_path: Path, encoder: State, weight: tuple[int, ...], bias: tuple[int, ...]
) -> None:
    encoder |= blank({"classifier.weight": weight, "classifier.bias": bias})
    text = refusal(tmp_path, {"state_dict": encoder})
    assert f"classifier.weight is {list(weight)} and classifier.bias is {list(bias)}" in text


def test_a_folder_with_files_is_unchanged(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="is not empty"):
        convert_checkpoint(tmp_path / "never_read.pth.tar", tmp_path / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "mine.txt"]


@pytest.mark.parametrize("rank1", [np.float32(0.8), np.float64(0.8), 0.8])
def test_an_encoder_is_converted_without_decoder_and_with_any_rank1(
    tmp_path: Path, encoder: State, rank1: object
) -> None:
    state = {f"module.{name}": tensor for name, tensor in encoder.items()}
    path = tmp_path / "latest_model.pth.tar"
    torch.save({"state_dict": state, "rank1": rank1}, path)
    converted = convert_checkpoint(path, tmp_path / "deep" / "out")
    assert converted.decoder is None
    assert converted.network.identities == 10
    assert converted.left_out == ("classifier.weight", "classifier.bias", "rank1")
    assert converted.prefixes == ("module.",)
    assert from_pretrained(converted.folder).feature_dim == 512
