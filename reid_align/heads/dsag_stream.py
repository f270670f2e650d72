"""DSAG-Stream of DSA-reID: features of 24 aligned part images, used in training only.

Source: DSA-reID, CVPR 2019, section 3.2.1 and table 1. There is no official code; comments mark
the choices that the paper leaves open.
"""

from collections import OrderedDict
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.heads.body_parts import FRONT_BACK, LEFT_RIGHT, PARTS, merge
from reid_align.heads.training_head import HEADS, Head
from reid_align.models.resnet_blocks import BasicBlock, Bottleneck, initialize, stage
from reid_align.weights import wave

GlobalHead = Literal["basic", "bottleneck"]
Share = Literal["none", "all"]
FEATURES_PER_WIDTH = 64


class DsagFeatures(NamedTuple):
    """Features that are fused with those of the main stream.

    Attributes:
        global_feature: (N, 2048), all body parts together.
        local_features: (N, 2048), 256 numbers for each of the eight parts in the order of
            `BODY_PARTS`.
    """

    global_feature: Tensor
    local_features: Tensor


@HEADS.register("dsag_stream")
class DsagStream(Head):
    """One branch per body part, merged left + right and front + back; a global and a local head.

    The branches are one grouped convolution with a group per branch, which computes the same as
    separate networks. Convolutions before a batch norm have no bias and Kaiming initialization
    (neither is in the paper).

    Args:
        conv5_g: global head; "basic": two basic blocks to 2048 channels, as in table 1;
            "bottleneck": ResNet-50's conv5_x, for small GPUs.
        share: "none": separate weights per branch; "all": one branch that processes all parts as a
            larger batch, including its batch-norm statistics. The paper does not specify it;
            "separate" sub-branches suggests "none".
        width: channels of a branch's first layer; all other widths are multiples of it, and the
            features have 64·width numbers.

    Raises:
        UnknownNameError: an unknown ``conv5_g`` or ``share``.

    Parameters: 162,025,472, of which the branches have 10,989,568 (698,784 if shared), the local
    head 16,797,696 and the global head 134,238,208 (14,964,736 as bottlenecks).
    """

    def __init__(
        self, conv5_g: GlobalHead = "basic", share: Share = "none", width: int = 32
    ) -> None:
        super().__init__()
        if conv5_g not in get_args(GlobalHead):
            raise UnknownNameError("conv5_g", conv5_g, get_args(GlobalHead))
        if share not in get_args(Share):
            raise UnknownNameError("share", share, get_args(Share))
        self.share = share
        parts, surfaces = (1, 1) if share == "all" else (PARTS, len(LEFT_RIGHT))
        self.stem = _stem(width, parts)
        self.conv4 = _basic_blocks(surfaces * 2 * width, surfaces * 4 * width, 2, surfaces)
        self.conv5_g = _global_head(conv5_g, 32 * width, FEATURES_PER_WIDTH * width)
        self.conv5_l = _basic_blocks(32 * width, FEATURES_PER_WIDTH * width, 1, len(FRONT_BACK))

    def forward(self, part_images: Tensor) -> DsagFeatures:
        """Compute both features of a batch.

        Args:
            part_images: (N, 24, 3, 32, 32) normalized RGB, in the order of DensePose's part ids
                1 to 24; other heights and widths are allowed.

        Raises:
            InvalidInputError: an invalid shape.
        """
        if part_images.ndim != 5 or part_images.shape[1:3] != (PARTS, 3):
            raise InvalidInputError(
                f"Part images of shape {tuple(part_images.shape)}: expected (N, {PARTS}, 3, H, W), "
                "one RGB image per body part."
            )
        surfaces = merge(self._each(self.stem, part_images), LEFT_RIGHT)
        merged = merge(self._each(self.conv4, surfaces), FRONT_BACK).flatten(1, 2)
        maps = self.conv5_g(merged), self.conv5_l(merged)
        # Pool in float32 under autocast, like the features of the main stream.
        dtype = torch.promote_types(maps[0].dtype, torch.float32)
        return DsagFeatures(*(one.mean((2, 3), dtype=dtype) for one in maps))

    def example_inputs(self) -> tuple[Tensor, ...]:
        """Return part images of 16×16 pixels for one image."""
        return (wave(1, PARTS, 3, 16, 16),)

    def _each(self, layers: nn.Module, maps: Tensor) -> Tensor:
        count = maps.shape[1]
        if self.share == "all":
            return torch.unflatten(layers(maps.flatten(0, 1)), 0, (-1, count))
        return torch.unflatten(layers(maps.flatten(1, 2)), 1, (count, -1))


def _stem(width: int, branches: int) -> nn.Sequential:
    first, second = branches * width, branches * 2 * width
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv1=nn.Conv2d(3 * branches, first, 5, padding=2, groups=branches, bias=False),
        bn1=nn.BatchNorm2d(first),
        relu1=nn.ReLU(inplace=True),
        conv2=nn.Conv2d(first, second, 3, padding=1, groups=branches, bias=False),
        bn2=nn.BatchNorm2d(second),
        relu2=nn.ReLU(inplace=True),
        conv3=_basic_blocks(second, second, 2, branches),
    )
    stem = nn.Sequential(layers)
    initialize(stem, branches)
    return stem


def _basic_blocks(in_channels: int, out_channels: int, stride: int, branches: int) -> nn.Sequential:
    blocks = stage(
        in_channels, out_channels, 2, stride, branches, input_groups=branches, block=BasicBlock
    )
    initialize(blocks, branches)
    return blocks


def _global_head(kind: GlobalHead, in_channels: int, out_channels: int) -> nn.Sequential:
    if kind == "basic":
        return _basic_blocks(in_channels, out_channels, 1, 1)
    bottlenecks = stage(in_channels, out_channels // Bottleneck.expansion, blocks=3, stride=1)
    initialize(bottlenecks)
    return bottlenecks
