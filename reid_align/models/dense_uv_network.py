"""A dense UV estimator: from a person image to the body part and the place on it of every pixel.

It takes DensePose's place where there are no dense maps from elsewhere. As there, the coordinates
on each part are regressed by themselves (arXiv:1802.00434, section 3.1): one coordinate for all
parts would have to jump at their seams. Stage maps are added up from coarse to fine as in
arXiv:1612.03144.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from os import PathLike
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reid_align.models.resnet import Depth
from reid_align.models.resnet_blocks import initialize
from reid_align.models.san_encoder import SanEncoder
from reid_align.preprocess import Preprocess
from reid_align.uv import IUV, NUM_PARTS
from reid_align.weights import Argument, Origin, choose_weights_source, wave

NAME = "dense_uv"
WIDTH = 64
# Channels of the logits, of U and of V.
OUTPUTS = (1 + NUM_PARTS, NUM_PARTS, NUM_PARTS)
# What an untrained estimator says of every coordinate: the middle of the chart.
CENTER = 0.5


class DenseMaps(NamedTuple):
    """What the estimator gives back, at the size of the images.

    Attributes:
        parts: (N, 25, H, W) logits; index 0 is the background, the others are part numbers.
        u: (N, 24, H, W), linear; targets lie in [0, 1]. Index i is the coordinate that a pixel has
            if it shows part i + 1.
        v: like ``u``.
    """

    parts: Tensor
    u: Tensor
    v: Tensor

    def on(self, parts: Tensor) -> tuple[Tensor, Tensor]:
        """Return the coordinates on given parts.

        Args:
            parts: (N, H, W) part numbers of any integer dtype, 0 to 24. Where it is background,
                the coordinates are those on part 1 and carry no meaning.

        Returns:
            u and v, (N, H, W) each.
        """
        index = (parts.long() - 1).clamp(min=0).unsqueeze(1)
        return self.u.gather(1, index).squeeze(1), self.v.gather(1, index).squeeze(1)


class DenseUv(nn.Module):
    """A ResNet trunk, a light decoder with lateral connections, and one 1×1 convolution.

    It computes at half the height and width of its input, and resizes logits and coordinates.

    Args:
        depth: of the trunk: 18, 34, 50 or 101.

    Attributes:
        architecture: "dense_uv".
        arch_args: the arguments that, with the name, rebuild it.
        preprocess: what its weights expect to be done to a image.
        origin: where its weights came from when it was built.

    Raises:
        UnknownNameError: another depth.
    """

    architecture = NAME
    origin = Origin()

    def __init__(self, depth: Depth = 18) -> None:
        super().__init__()
        self.arch_args: Mapping[str, Argument] = {"depth": depth}
        self.preprocess = Preprocess()
        self.trunk = SanEncoder(depth)
        self.laterals = nn.ModuleList(_convolution(c, 1) for c in self.trunk.channels)
        self.smooth = nn.ModuleList(_convolution(WIDTH, 3) for _ in self.trunk.channels)
        self.last = _convolution(WIDTH, 3)
        for module in (self.laterals, self.smooth, self.last):
            initialize(module)
        self.outputs = nn.Conv2d(WIDTH, sum(OUTPUTS), 1)
        nn.init.normal_(self.outputs.weight, std=0.01)

    def forward(self, images: Tensor) -> DenseMaps:
        """Estimate the dense maps of a batch.

        Args:
            images: (N, 3, H, W) floating point, normalized as `preprocess` says; any H and W.
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
        """Return the most likely dense map of each image of a batch, on the images' device.

        Call it in evaluation mode.

        Args:
            images: as of `forward`.

        Returns:
            Planes (N, 3, H, W) uint8; background pixels are 0 throughout.

        Raises:
            InvalidInputError: the weights give coordinates that are not finite.
        """
        maps = self(images)
        parts = maps.parts.argmax(1)
        return IUV.from_charts(parts, *maps.on(parts))

    def example_inputs(self) -> tuple[Tensor, ...]:
        """Return the fixed, generated input whose outputs are the weights' fingerprint."""
        return (wave(1, 3, 64, 32),)


def dense_uv(
    pretrained: bool | str = False,
    *,
    weights: str | PathLike[str] | None = None,
    depth: Depth | None = None,
) -> DenseUv:
    """Build the dense UV estimator, in evaluation mode.

    Args:
        pretrained: True for the default weights, a tag for others, False for none.
        weights: a file of ours (`.safetensors`) instead.
        depth: of the trunk; as the weights have it where left out, 18 without weights.

    Raises:
        UnknownNameError: no weights of that name, or another depth.
        InvalidInputError: the weights were made for something else.
        WeightsError: the weights cannot be found, read or trusted.
    """
    source = choose_weights_source(NAME, pretrained, weights)
    asked: dict[str, Argument] = {} if depth is None else {"depth": depth}
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
