"""Residual block of OSNet: four streams of different receptive fields with a common gate.

Source: arXiv:1905.00953, section 3; the instance norms, arXiv:1910.06827, section 3.3.
"""

from typing import Literal

import torch
from torch import Tensor, nn

# Norm after the last convolution: batch norm; batch norm and, after the addition, instance norm;
# instance norm.
BlockNorm = Literal["bn", "in_after", "in_inside"]
REDUCTION, GATE_REDUCTION, STREAMS = 4, 16, 4


def conv_norm_relu(channels: int, out: int) -> nn.Sequential:
    """Return a 1×1 convolution, batch norm and ReLU."""
    return nn.Sequential(*_conv_norm(channels, out), nn.ReLU(inplace=True))


def _conv_norm(channels: int, out: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, out, 1, bias=False), nn.BatchNorm2d(out)]


def _light_convolution(channels: int) -> nn.Sequential:
    """Return a 1×1 and a depthwise 3×3 convolution, batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.Conv2d(channels, channels, 3, 1, 1, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )


class ChannelGate(nn.Module):
    """Scales each channel by a number from 0 to 1, computed from the mean of all channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // GATE_REDUCTION
        self.reduce = nn.Conv2d(channels, inner, 1)
        self.expand = nn.Conv2d(inner, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, h, w) to the same shape."""
        mean = x.mean((2, 3), keepdim=True)
        gate: Tensor = self.expand(self.reduce(mean).relu()).sigmoid()
        return x * gate


class InstanceNorm(nn.InstanceNorm2d):
    """Instance norm with weight and bias that allows empty batches."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, h, w) to the same shape; h·w must be at least 2."""
        # While a graph is traced for export, the number of images is unknown.
        empty = not torch.compiler.is_compiling() and not len(x)
        return x if empty else super().forward(x)


class OmniScaleBlock(nn.Module):
    """Reduction, four streams of one to four light convolutions, expansion, and a shortcut.

    Args:
        channels: channels of the input.
        out: channels of the output; the streams have a quarter of them.
        norm: norm after the expansion.
    """

    def __init__(self, channels: int, out: int, norm: BlockNorm) -> None:
        super().__init__()
        inner = out // REDUCTION
        self.reduce = conv_norm_relu(channels, inner)
        self.streams = nn.ModuleList(
            nn.Sequential(*(_light_convolution(inner) for _ in range(depth)))
            for depth in range(1, STREAMS + 1)
        )
        self.gate = ChannelGate(inner)
        inside = norm == "in_inside"
        self.expand = nn.Sequential(*_conv_norm(inner, out)[: 1 if inside else 2])
        self.inside = InstanceNorm(out) if inside else nn.Identity()
        self.shortcut = (
            nn.Identity() if channels == out else nn.Sequential(*_conv_norm(channels, out))
        )
        self.after = InstanceNorm(out) if norm == "in_after" else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, h, w) to (N, out, h, w)."""
        inner = self.reduce(x)
        first, *others = (self.gate(stream(inner)) for stream in self.streams)
        for other in others:
            first = first + other
        expanded = self.inside(self.expand(first))
        return torch.relu(self.after(expanded + self.shortcut(x)))
