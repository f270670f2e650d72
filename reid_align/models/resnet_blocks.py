"""Residual blocks of ResNet with torchvision's key names, optionally grouped into branches.

A branch is a group of consecutive channels. Grouped convolutions keep branches separate and batch
norms work per channel, so a block with ``groups`` branches computes the same as that many separate
blocks. Channel counts include all branches.

Source: arXiv:1512.03385; torchvision's "v1.5" form, with the stride on the 3×3 convolution.
"""

import math
from typing import ClassVar

from torch import Tensor, nn

from reid_align.models.norms import Norm, first_norm


class BasicBlock(nn.Module):
    """Two 3×3 convolutions with a shortcut.

    Args:
        in_channels: channels of the input.
        width: channels of both convolutions and of the output.
        stride: stride of the first convolution.
        groups: groups of the second convolution.
        input_groups: groups of the first convolution and of the shortcut.
        norm: norm after the first convolution.
    """

    expansion: ClassVar[int] = 1

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        groups: int = 1,
        input_groups: int = 1,
        norm: Norm = "bn",
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride, 1, groups=input_groups, bias=False)
        self.bn1 = first_norm(norm, width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(in_channels, width, stride, input_groups)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, h, w) to (N, width, h/stride, w/stride)."""
        shortcut = self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        x += shortcut
        return self.relu(x)  # type: ignore[no-any-return]

    def zero_init_residual(self) -> None:
        """Zero the last norm weight, so that the block initially computes its shortcut only."""
        nn.init.zeros_(self.bn2.weight)


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolution with a shortcut.

    Args:
        in_channels: channels of the input.
        width: channels of the 3×3 convolution; the output has four times as many.
        stride: stride of the 3×3 convolution.
        groups: groups of the second and third convolution.
        input_groups: groups of the first convolution and of the shortcut.
        norm: norm after the first convolution.
    """

    expansion: ClassVar[int] = 4

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        groups: int = 1,
        input_groups: int = 1,
        norm: Norm = "bn",
    ) -> None:
        super().__init__()
        out_channels = width * self.expansion
        self.conv1 = nn.Conv2d(in_channels, width, 1, groups=input_groups, bias=False)
        self.bn1 = first_norm(norm, width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, groups=groups, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(in_channels, out_channels, stride, input_groups)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, h, w) to (N, 4·width, h/stride, w/stride)."""
        shortcut = self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        x += shortcut
        return self.relu(x)  # type: ignore[no-any-return]

    def zero_init_residual(self) -> None:
        """Zero the last norm weight, so that the block initially computes its shortcut only."""
        nn.init.zeros_(self.bn3.weight)


ResidualBlock = type[BasicBlock] | type[Bottleneck]


def stage(
    in_channels: int,
    width: int,
    blocks: int,
    stride: int,
    groups: int = 1,
    input_groups: int = 1,
    *,
    block: ResidualBlock = Bottleneck,
    norm: Norm = "bn",
) -> nn.Sequential:
    """Stack blocks; only the first one has the stride and ``input_groups``."""
    first = block(in_channels, width, stride, groups, input_groups, norm)
    out_channels = width * block.expansion
    rest = (block(out_channels, width, 1, groups, groups, norm) for _ in range(blocks - 1))
    return nn.Sequential(first, *rest)


def initialize(module: nn.Module, branches: int = 1) -> None:
    """Initialize convolutions with Kaiming normal (fan-out) from torch's global generator.

    Args:
        module: the module.
        branches: number of branches in its channels; the fan-out is that of one branch.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            fan_out = layer.out_channels // branches * math.prod(layer.kernel_size)
            nn.init.normal_(layer.weight, std=math.sqrt(2 / fan_out))


def _shortcut(in_channels: int, out_channels: int, stride: int, groups: int) -> nn.Module:
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride, groups=groups, bias=False),
        nn.BatchNorm2d(out_channels),
    )
