"""From a feature map to a vector: the average over its positions, or a learned generalized mean."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from reid_align.errors import UnknownNameError

Pool = Literal["avg", "gem"]


class AveragePool(nn.Module):
    """The mean over all positions; it has no parameters."""

    def forward(self, feature_map: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C)."""
        return feature_map.mean((2, 3))


class GemPool(nn.Module):
    """The generalized mean (mean of x^p)^(1/p) over all positions, with one learned exponent.

    p = 1 is the average, and the larger p, the nearer it comes to the maximum. Values below
    ``eps`` count as ``eps``: the map should not be negative.

    Args:
        p: the exponent at the beginning.
        eps: the smallest value that counts.

    WeightsSource: arXiv:1711.02512, equation 3, which also begins with p = 3.
    """

    def __init__(self, p: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor(p))
        self.eps = eps

    def forward(self, feature_map: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C), computed in float32 at least, for powers leave float16."""
        values = feature_map.to(torch.promote_types(feature_map.dtype, torch.float32))
        p = self.p.to(values.dtype)
        mean = values.clamp(min=self.eps).pow(p).mean((2, 3)).pow(1 / p)
        return mean.to(feature_map.dtype)


def make_pool(pool: Pool) -> nn.Module:
    """Return the pooling of that name, or raise UnknownNameError."""
    if pool not in get_args(Pool):
        raise UnknownNameError("pool", pool, get_args(Pool))
    return GemPool() if pool == "gem" else AveragePool()
