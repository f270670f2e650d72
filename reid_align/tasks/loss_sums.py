"""Sums of loss terms."""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor


def sum_losses(losses: Iterable[Tensor]) -> Tensor:
    """Return the sum of at least one scalar."""
    return torch.stack(list(losses)).sum()


def weighted_sum(terms: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """Return the sum of the terms, each multiplied by its weight."""
    return sum_losses(weights[name] * term for name, term in terms.items())


def compute_weighted_terms(
    terms: Mapping[str, Callable[[], Tensor]], weights: Mapping[str, float]
) -> dict[str, Tensor]:
    """Compute the terms with a weight other than 0, not yet weighted."""
    return {name: term() for name, term in terms.items() if weights.get(name)}
