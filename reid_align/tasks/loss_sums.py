"""From single losses to what is minimized."""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor


def total(losses: Iterable[Tensor]) -> Tensor:
    """Return the sum of scalars, at least one."""
    return torch.stack(list(losses)).sum()


def weighted(terms: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """Return the sum of the terms, each multiplied by its weight."""
    return total(weights[name] * term for name, term in terms.items())


def counted(
    terms: Mapping[str, Callable[[], Tensor]], weights: Mapping[str, float]
) -> dict[str, Tensor]:
    """Compute those of the terms that have a weight other than 0."""
    return {name: term() for name, term in terms.items() if weights.get(name)}
