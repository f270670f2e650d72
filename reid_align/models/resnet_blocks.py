"""ResNet's residual blocks with torchvision's key names, for one network or many side by side.

A branch is a run of consecutive channels. A convolution with one group per branch keeps branches
apart, and a batch norm works per channel, so a block of ``groups`` branches computes what that
many separate blocks would. Channel counts are those of all branches together.

WeightsSource: arXiv:1512.03385; the "v1.5" form of torchvision, with the stride on the 3×3 convolution.
"""

import math
from typing import ClassVar

from torch import Tensor, nn

from reid_align.models.norms import Norm, first_norm


class BasicBlock(nn.Module):
    """Two 3×3 convolutions around a shortcut.

    Args:
        in_channels: channels of the input.
        width: channels of both convolutions, and of the output.
        stride: of the first convolution.
        groups: groups of the second convolution.
        input_groups: groups of the convolutions that read the input: the first and the shortcut.
        norm: what follows the first convolution.
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

    def silence(self) -> None:
        """Let the block add nothing to its shortcut, until training gives it something to add."""
        nn.init.zeros_(self.bn2.weight)


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolution around a shortcut.

    Args:
        in_channels: channels of the input.
        width: channels of the 3×3 convolution; the output has four times as many.
        stride: of the 3×3 convolution.
        groups: groups of the second and third convolution.
        input_groups: groups of the convolutions that read the input: the first and the shortcut.
        norm: what follows the first convolution.
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

    def silence(self) -> None:
        """Let the block add nothing to its shortcut, until training gives it something to add."""
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
    """Stack blocks; only the first one strides and reads the input in ``input_groups``."""
    first = block(in_channels, width, stride, groups, input_groups, norm)
    out_channels = width * block.expansion
    rest = (block(out_channels, width, 1, groups, groups, norm) for _ in range(blocks - 1))
    return nn.Sequential(first, *rest)


def initialize(module: nn.Module, branches: int = 1) -> None:
    """Draw convolutions from Kaiming's normal (fan-out) as torchvision does; norms are 1, 0.

    Draws from torch's global generator: call `torch.manual_seed` before, to repeat it.

    Args:
        module: whose convolutions are drawn.
        branches: how many independent branches its channels belong to; the fan is that of one.
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
