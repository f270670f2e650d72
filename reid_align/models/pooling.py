"""Global pooling of feature maps: average or generalized mean (GeM)."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from reid_align.errors import UnknownNameError

Pool = Literal["avg", "gem"]


class AveragePool(nn.Module):
    """Mean over all positions."""

    def forward(self, feature_map: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C)."""
        return feature_map.mean((2, 3))


class GemPool(nn.Module):
    """Generalized mean (mean of x^p)^(1/p) over all positions, with a learned exponent.

    p = 1 is the average; large p approaches the maximum. Values below ``eps`` are clamped to
    ``eps``, so maps should be non-negative.

    Args:
        p: initial exponent.
        eps: lower bound of the values.

    Source: arXiv:1711.02512, equation 3, also with p = 3 initially.
    """

    def __init__(self, p: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor(p))
        self.eps = eps

    def forward(self, feature_map: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C); computed in at least float32, as powers overflow float16."""
        values = feature_map.to(torch.promote_types(feature_map.dtype, torch.float32))
        p = self.p.to(values.dtype)
        mean = values.clamp(min=self.eps).pow(p).mean((2, 3)).pow(1 / p)
        return mean.to(feature_map.dtype)


def make_pool(pool: Pool) -> nn.Module:
    """Return the pooling with this name, or raise UnknownNameError."""
    if pool not in get_args(Pool):
        raise UnknownNameError("pool", pool, get_args(Pool))
    return GemPool() if pool == "gem" else AveragePool()
