"""Names, shapes and golden outputs of the modules in the official SAN code.

golden_official_san.json states where the numbers come from.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import resnet50

GOLDEN = json.loads((Path(__file__).parent / "golden_official_san.json").read_text())
IDENTITIES = 10
Shapes = dict[str, tuple[int, ...]]


def encoder_shapes() -> Shapes:
    """List the 327 tensors of resnet50_fc512 with 10 classes; the trunk is torchvision's."""
    with torch.device("meta"):
        encoder = resnet50()
        encoder.fc = nn.Sequential(nn.Linear(2048, 512), nn.BatchNorm1d(512))
        encoder.classifier = nn.Linear(512, IDENTITIES)
    shapes = {name: tuple(tensor.shape) for name, tensor in encoder.state_dict().items()}
    assert len(shapes) == 327
    return shapes


def decoder_shapes() -> Shapes:
    """List the 86 tensors of ConvResDecoder."""
    shapes: Shapes = {}
    pointwise = {"embed_layer1": (64, 256), "embed_layer2": (256, 512), "embed_layer3": (512, 1024)}
    for name, (c_out, c_in) in {**pointwise, "reduce_dim": (512, 2048)}.items():
        shapes |= convolution(f"{name}.0", c_out, c_in, 1) | batch_norm(f"{name}.1", c_out)
    widths = (512, 256, 64, 32, 16)
    for k in (1, 2, 3, 4):
        c_in, c_out = widths[k - 1 : k + 1]
        for layer in (0, 3):
            shapes[f"up{k}.res.res.{layer}.weight"] = (c_in, c_in, 3, 3)
            shapes |= batch_norm(f"up{k}.res.res.{layer + 1}", c_in)
        shapes |= convolution(f"up{k}.conv.2", c_out, c_in, 3)
    shapes |= convolution("final_layer.1", 3, 16, 7)
    assert len(shapes) == 86
    return shapes


def convolution(name: str, c_out: int, c_in: int, size: int) -> Shapes:
    return {f"{name}.weight": (c_out, c_in, size, size), f"{name}.bias": (c_out,)}


def batch_norm(name: str, channels: int) -> Shapes:
    vectors = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.num_batches_tracked": ()} | {f"{name}.{leaf}": (channels,) for leaf in vectors}


def generated_state(shapes: Shapes) -> dict[str, Tensor]:
    """Generate the weights that the golden numbers were computed with."""
    return {name: generate(name, shapes[name], k) for k, name in enumerate(sorted(shapes))}


def generate(name: str, shape: tuple[int, ...], k: int) -> Tensor:
    count = math.prod(shape)
    s = torch.sin(0.37 * torch.arange(count, dtype=torch.float64) + k)
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if name.endswith("running_var"):
        s = 1 + 0.5 * s
    elif name.endswith("running_mean"):
        s = 0.1 * s
    elif len(shape) >= 2:
        s = s * math.sqrt(2 / (count / shape[0]))
    elif name.endswith("weight"):
        s = 1 + 0.1 * s
    else:
        s = 0.1 * s
    return s.view(shape).float()


def golden_images() -> Tensor:
    flat = torch.arange(2 * 3 * 256 * 128, dtype=torch.float64)
    return torch.cos(0.011 * flat).view(2, 3, 256, 128).float()


def check_golden(outputs: Mapping[str, Tensor], name: str) -> None:
    """Compare an output with the golden one of its name, to 1e-4 of its largest magnitude."""
    ours, golden = outputs[name], GOLDEN[name]
    tolerance = 1e-4 * golden["abs_max"]
    assert list(ours.shape) == golden["shape"]
    assert ours.flatten()[golden["positions"]].tolist() == pytest.approx(
        golden["values"], rel=0, abs=tolerance
    )
    values = ours.double()
    summary = [values.mean().item(), values.std(correction=0).item(), values.abs().max().item()]
    expected = [golden["mean"], golden["std"], golden["abs_max"]]
    assert summary == pytest.approx(expected, rel=0, abs=tolerance)
