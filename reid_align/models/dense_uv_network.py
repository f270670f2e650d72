"""Dense pose estimator: body part and UV coordinates for every pixel of a person image.

A substitute for DensePose if no dense pose maps are available. As in DensePose, each part has its
own coordinate outputs, because coordinates are discontinuous between parts (arXiv:1802.00434,
section 3.1). Stage maps are combined from coarse to fine as in arXiv:1612.03144.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from os import PathLike
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reid_align.errors import UnknownNameError
from reid_align.models.model_factory import MODELS
from reid_align.models.resnet_blocks import initialize
from reid_align.preprocess import Preprocess
from reid_align.uv import IUV, NUM_PARTS
from reid_align.weights import Argument, Origin, choose_weights_source, wave

NAME = "dense_uv"
TRUNK = "san_resnet18"
WIDTH = 64
# Channels of the logits, of U and of V.
OUTPUTS = (1 + NUM_PARTS, NUM_PARTS, NUM_PARTS)
# Initial prediction of every coordinate: the center of the chart.
CENTER = 0.5


class DenseMaps(NamedTuple):
    """Output of the estimator at the image size.

    Attributes:
        parts: (N, 25, H, W) logits; index 0 is the background, the others are part numbers.
        u: (N, 24, H, W), linear, targets in [0, 1]; index i is the coordinate on part i + 1.
        v: like ``u``.
    """

    parts: Tensor
    u: Tensor
    v: Tensor

    def on(self, parts: Tensor) -> tuple[Tensor, Tensor]:
        """Select the coordinates on the given parts.

        Args:
            parts: (N, H, W) part numbers, any integer dtype, 0 to 24. Coordinates of background
                pixels are meaningless.

        Returns:
            u and v, (N, H, W) each.
        """
        index = (parts.long() - 1).clamp(min=0).unsqueeze(1)
        return self.u.gather(1, index).squeeze(1), self.v.gather(1, index).squeeze(1)


class DenseUv(nn.Module):
    """Trunk of an encoder, light decoder with lateral connections, and a 1×1 convolution.

    Computes at half the height and width of the input and resizes logits and coordinates.

    Args:
        trunk: architecture of the encoder whose maps e1 to e4 are decoded: ``san_resnet18``,
            ``san_mobilenet_v2`` or another encoder of SAN.

    Attributes:
        architecture: "dense_uv".
        arch_args: constructor arguments.
        preprocess: image preprocessing expected by the weights.
        origin: origin of its initial weights.

    Raises:
        UnknownNameError: another trunk.
    """

    architecture = NAME
    origin = Origin()

    def __init__(self, trunk: str = TRUNK) -> None:
        super().__init__()
        known = [name for name in MODELS if name.startswith("san_")]
        if trunk not in known:
            raise UnknownNameError("trunk", trunk, known)
        self.arch_args: Mapping[str, Argument] = {"trunk": trunk}
        self.preprocess = Preprocess()
        self.trunk = MODELS[trunk]()
        self.laterals = nn.ModuleList(_convolution(c, 1) for c in self.trunk.channels)
        self.smooth = nn.ModuleList(_convolution(WIDTH, 3) for _ in self.trunk.channels)
        self.last = _convolution(WIDTH, 3)
        for module in (self.laterals, self.smooth, self.last):
            initialize(module)
        self.outputs = nn.Conv2d(WIDTH, sum(OUTPUTS), 1)
        nn.init.normal_(self.outputs.weight, std=0.01)

    def forward(self, images: Tensor) -> DenseMaps:
        """Estimate part logits and coordinates of a batch.

        Args:
            images: (N, 3, H, W) floating point, normalized with `preprocess`; any H and W.
        """
        height, width = images.shape[-2:]
        maps = self.trunk.forward_maps(images)
        sides = [lateral(m) for lateral, m in zip(self.laterals, maps, strict=True)]
        x = self.smooth[-1](sides[-1])
        for level in reversed(range(len(sides) - 1)):
            x = self.smooth[level](sides[level] + _resize(x, *sides[level].shape[-2:]))
        x = self.last(_resize(x, math.ceil(height / 2), math.ceil(width / 2)))
        parts, u, v = _resize(self.outputs(x), height, width).split(OUTPUTS, dim=1)
        return DenseMaps(parts, u + CENTER, v + CENTER)

    @torch.no_grad()
    def predict(self, images: Tensor) -> IUV:
        """Return the most likely dense pose map (IUV) of each image. Use evaluation mode.

        Args:
            images: as for `forward`.

        Returns:
            Planes (N, 3, H, W) uint8 on the device of the images; background pixels are 0.

        Raises:
            InvalidInputError: a coordinate is not finite.
        """
        maps = self(images)
        parts = maps.parts.argmax(1)
        return IUV.from_charts(parts, *maps.on(parts))

    def example_inputs(self) -> tuple[Tensor, ...]:
        """Return the fixed input of the feature fingerprint."""
        return (wave(1, 3, 64, 32),)


def dense_uv(
    pretrained: bool | str = False,
    *,
    weights: str | PathLike[str] | None = None,
    trunk: str | None = None,
) -> DenseUv:
    """Build the dense pose estimator, in evaluation mode.

    Args:
        pretrained: True for the default weights, a tag for others, False for random weights.
        weights: a ``.safetensors`` file of this library, instead of ``pretrained``.
        trunk: architecture of the trunk; default: that of the weights, or ``san_resnet18``.

    Raises:
        UnknownNameError: the weights or the trunk are unknown.
        InvalidInputError: the weights are for another architecture or trunk.
        WeightsError: the weights cannot be found, read or verified.
    """
    source = choose_weights_source(NAME, pretrained, weights)
    asked: dict[str, Argument] = {} if trunk is None else {"trunk": trunk}
    if source is None:
        return _construct(asked).eval()
    estimator = _construct(source.arguments(NAME, DenseUv, asked))
    estimator.preprocess = source.preprocess or estimator.preprocess
    estimator.origin = source.origin
    source.load(estimator)
    return estimator.eval()


def _construct(arguments: Mapping[str, Argument]) -> DenseUv:
    constructor: Callable[..., DenseUv] = DenseUv
    return constructor(**arguments)


def _convolution(in_channels: int, kernel_size: int) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv=nn.Conv2d(in_channels, WIDTH, kernel_size, padding=kernel_size // 2, bias=False),
        bn=nn.BatchNorm2d(WIDTH),
        relu=nn.ReLU(inplace=True),
    )
    return nn.Sequential(layers)


def _resize(x: Tensor, height: int, width: int) -> Tensor:
    return F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False)
