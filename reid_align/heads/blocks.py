"""Residual blocks that can hold many independent branches side by side, with torchvision's names.

A branch is a run of consecutive channels. A convolution with one group per branch keeps branches
apart, and a batch norm works per channel, so a block of ``groups`` branches computes what that
many separate blocks would. Channel counts are those of all branches together.

Source: arXiv:1512.03385, figure 5.
"""

import math

from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Two 3×3 convolutions around a shortcut, as in ResNet-18."""

    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv1 = conv(in_channels, out_channels, 3, stride, groups)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = conv(out_channels, out_channels, 3, 1, groups)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(in_channels, out_channels, stride, groups)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, h, w) to (N, out_channels, h/stride, w/stride)."""
        shortcut: Tensor = self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        return (x + shortcut).relu_()


def conv(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, groups: int = 1
) -> nn.Conv2d:
    """Return a convolution without bias whose output is the input's size divided by ``stride``.

    Its weights come from Kaiming's normal distribution (fan-out), where the fan is that of one
    branch: torch's own initialiser would count the channels of all groups and draw too small.
    """
    layer = nn.Conv2d(
        in_channels, out_channels, kernel_size, stride, kernel_size // 2, groups=groups, bias=False
    )
    fan_out = out_channels // groups * kernel_size**2
    nn.init.normal_(layer.weight, std=math.sqrt(2 / fan_out))
    return layer


def _shortcut(in_channels: int, out_channels: int, stride: int, groups: int) -> nn.Module:
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return nn.Sequential(
        conv(in_channels, out_channels, 1, stride, groups), nn.BatchNorm2d(out_channels)
    )
