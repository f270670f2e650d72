"""Checkpoints of other libraries that are refused, and what is told about accepted ones."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from foreign_states import CASES, foreign_state
from safetensors.torch import save_file
from torch import Tensor

from reid_align import from_pretrained
from reid_align.conversion import Conversion, convert_checkpoint
from reid_align.errors import (
    InvalidInputError,
    OutputExistsError,
    ReidAlignError,
    UnknownNameError,
    WeightsFormatError,
    WeightsIntegrityError,
    WeightsNotFoundError,
)
from reid_align.preprocess import Preprocess
from reid_align.weights import read_header

State = dict[str, Tensor]


@pytest.fixture
def osnet() -> State:
    return foreign_state("osnet_x0_25")


def blank(name: str) -> State:
    """Return a state dict with the names and shapes of a network; it takes little space."""
    zero, one = torch.zeros(()), torch.ones(())
    return {
        key: torch.tensor(0)
        if "batches" in key
        else (zero if len(shape) > 1 else one).expand(shape)
        for key, shape in CASES[name].shapes().items()
    }


def convert(tmp_path: Path, content: object, **options: object) -> Conversion:
    torch.save(content, tmp_path / "model.pth")
    return convert_checkpoint(tmp_path / "model.pth", tmp_path / "out", **options)


def refusal(
    tmp_path: Path, content: object, error: type[ReidAlignError] = WeightsFormatError
) -> str:
    with pytest.raises(error) as caught:
        convert(tmp_path, content)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.pth"]
    assert str(tmp_path / "model.pth") in str(caught.value)
    return str(caught.value)


def test_a_training_checkpoint_of_torchreid_is_converted(tmp_path: Path, osnet: State) -> None:
    weight = torch.nn.Parameter(torch.zeros(3))
    optimizer = torch.optim.Adam([weight], amsgrad=True)
    weight.sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [20, 40])
    content = {
        "state_dict": {f"module.{name}": tensor for name, tensor in osnet.items()},
        "epoch": 150,
        "rank1": np.float64(0.614),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
    }
    done = convert(tmp_path, content, training_data="MSMT17, research only")
    assert done.prefixes == ("module.",)
    assert done.tensors == len(osnet)
    assert done.left_out == (
        "classifier.weight",
        "classifier.bias",
        "epoch",
        "rank1",
        "optimizer",
        "scheduler",
    )
    header = read_header(tmp_path / "out" / "model.safetensors")
    assert header.training_data.startswith("MSMT17, research only; converted from model.pth, sha")
    assert from_pretrained(tmp_path / "out").preprocess == Preprocess()


def test_tensors_are_those_of_the_file(tmp_path: Path, osnet: State) -> None:
    done = convert(tmp_path, osnet)
    converted = from_pretrained(tmp_path / "out").state_dict()
    name = done.network.foreign_name
    assert {name(ours) for ours in converted} == set(osnet) - set(done.left_out)
    assert all(torch.equal(tensor, osnet[name(ours)]) for ours, tensor in converted.items())


def test_a_file_without_classifier_and_counters_is_converted(tmp_path: Path, osnet: State) -> None:
    plain = {
        n: t for n, t in osnet.items() if not n.startswith("classifier") and "batches" not in n
    }
    done = convert(tmp_path, plain)
    assert (done.network.identities, done.left_out) == (None, ())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda s: s.pop("conv5.bn.bias"), "1 missing: conv5.bn.bias."),
        (lambda s: s.update(extra=torch.ones(2)), "1 unknown: extra."),
        (
            lambda s: s.update({"fc.0.weight": torch.ones(256, 128)}),
            "fc.0.weight (float32 [256, 128] instead of float32 [512, 128])",
        ),
        (
            lambda s: s.update({"conv1.conv.weight": torch.ones(17, 3, 7, 7)}),
            "an OSNet of an unknown width: 17 channels in conv1.conv.weight. Known: osnet_x0_25",
        ),
        (
            lambda s: s.update({"conv1.conv.weight": torch.ones(64, 3, 7, 7)}),
            "float32 [16] instead of float32 [64]",
        ),
        (
            lambda s: s.update({"classifier.bias": torch.ones(9)}),
            "classifier.weight is [10, 512] and classifier.bias is [9]",
        ),
        (lambda s: s.update({"conv5.bn.bias": None}), "conv5.bn.bias is not a dense tensor"),
    ],
)
def test_other_tensors_are_listed(
    tmp_path: Path, osnet: State, change: Callable[[State], object], expected: str
) -> None:
    change(osnet)
    assert expected in refusal(tmp_path, osnet)


def test_a_value_that_is_not_finite_is_refused(tmp_path: Path, osnet: State) -> None:
    osnet["conv5.bn.bias"] = torch.full((128,), math.nan)
    text = refusal(tmp_path, osnet, WeightsIntegrityError)
    assert "NaN or infinity: conv5.bn.bias" in text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"conv.weight": torch.ones(1)}, "an unknown network; its first tensors are conv.weight"),
        ({"base.layer0.conv1.weight": torch.ones(1)}, "an SE-ResNet or SE-ResNeXt"),
        ({"b1_head.weight": torch.ones(1)}, "an MGN of fast-reid, which is not supported"),
        ({"usam_1.bn.bias": torch.ones(1), "model.conv1.weight": torch.ones(1)}, "with USAM"),
        ({"state": {}, "param_groups": []}, "the state of an optimizer and no weights"),
        ({"model": {}, "state_dict": {}}, "exactly one entry state_dict or model"),
        ({"state_dict": {}, "ema": {"a": torch.ones(1)}}, "have tensors and are unknown: ema."),
        ({"state_dict": []}, "expected a state dict, got a list"),
    ],
)
def test_unknown_contents_are_named(tmp_path: Path, content: object, expected: str) -> None:
    assert expected in refusal(tmp_path, content)


def test_fastreid_files_of_2020_are_recognized(tmp_path: Path) -> None:
    state = blank("fastreid_sbs_ibn")
    state = {name.replace("bottleneck.0", "bnneck"): value for name, value in state.items()}
    state["heads.classifier.weight"] = state.pop("heads.weight")
    state["pixel_mean"] = torch.tensor([120.0, 110.0, 100.0]).view(1, 3, 1, 1)
    state["pixel_std"] = torch.tensor([51.0, 51.0, 51.0]).view(1, 3, 1, 1)
    done = convert(tmp_path, {"model": state, "iteration": 5})
    assert done.network.architecture == "fastreid_resnet50"
    assert done.network.arch_args["max_pool"] == "padded"
    assert done.left_out == ("heads.classifier.weight", "iteration")
    assert done.network.assumed == ("last_stride",)
    preprocess = from_pretrained(tmp_path / "out").preprocess
    assert (preprocess.height, preprocess.width, preprocess.interpolation) == (384, 128, "bicubic")
    assert preprocess.std == (0.2, 0.2, 0.2)
    assert preprocess.mean == pytest.approx((120 / 255, 110 / 255, 100 / 255), abs=1e-6)


@pytest.mark.parametrize(
    ("given", "error", "expected"),
    [
        ({"last_stride": 3}, UnknownNameError, "Unknown last_stride '3'"),
        ({"stride": 1}, UnknownNameError, "Unknown argument of layumi_resnet50 'stride'"),
        ({"weights": "x"}, UnknownNameError, "argument of layumi_resnet50 'weights'"),
        ({"norm": "ibn_a"}, WeightsFormatError, "missing: model.layer1.0.bn1.IN.weight"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    tmp_path: Path, given: dict[str, str | int], error: type[ReidAlignError], expected: str
) -> None:
    with pytest.raises(error, match=expected.replace(".", r"\.")):
        convert(tmp_path, blank("layumi_stride2"), arch_args=given)


def test_an_image_size_is_stored_and_checked(tmp_path: Path, osnet: State) -> None:
    with pytest.raises(InvalidInputError, match="height 4000"):
        convert(tmp_path, osnet, size=(4000, 128))
    convert(tmp_path, osnet, size=(384, 128))
    assert from_pretrained(tmp_path / "out").preprocess == Preprocess(384, 128)


def test_a_folder_with_files_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(OutputExistsError, match="is not empty"):
        convert(tmp_path, {})


def test_safetensors_files_are_read_unless_they_are_ours(tmp_path: Path, osnet: State) -> None:
    save_file(osnet, tmp_path / "model.safetensors")
    convert_checkpoint(tmp_path / "model.safetensors", tmp_path / "out")
    assert from_pretrained(tmp_path / "out").architecture == "osnet_x0_25"
    with pytest.raises(WeightsFormatError, match="of this library"):
        convert_checkpoint(tmp_path / "out" / "model.safetensors", tmp_path / "again")


def test_from_pretrained_points_to_the_conversion(tmp_path: Path, osnet: State) -> None:
    torch.save(osnet, tmp_path / "model.pth")
    with pytest.raises(WeightsFormatError, match=r"pickles.*python -m reid_align\.convert FILE"):
        from_pretrained(tmp_path / "model.pth")
    with pytest.raises(WeightsNotFoundError, match=r"with python -m reid_align\.convert"):
        from_pretrained("hf-hub:someone/files/model.pth")
