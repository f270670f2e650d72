"""Norms after the first convolution of a block: batch norm or IBN-a.

Source: IBN-a, arXiv:1807.09441; key names of its public code, XingangPan/IBN-Net.
"""

from typing import Literal

import torch
from torch import Tensor, nn

Norm = Literal["bn", "ibn_a"]


class InstanceBatchNorm(nn.Module):
    """Instance norm on the first half of the channels, batch norm on the others.

    Args:
        channels: channels of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.instance_channels = channels // 2
        self.IN = nn.InstanceNorm2d(self.instance_channels, affine=True)
        self.BN = nn.BatchNorm2d(channels - self.instance_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, h, w) to the same shape; in training, h·w must be at least 2."""
        instance, batch = x[:, : self.instance_channels], x[:, self.instance_channels :]
        return torch.cat((self.IN(instance), self.BN(batch)), dim=1)


def first_norm(norm: Norm, channels: int) -> nn.Module:
    """Return the norm for ``channels`` channels."""
    return InstanceBatchNorm(channels) if norm == "ibn_a" else nn.BatchNorm2d(channels)
