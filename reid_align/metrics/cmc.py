"""Cumulative matching characteristic (CMC)."""

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics.ragged_arrays import Indices


def cumulative_matches(first_hits: Indices, max_rank: int) -> NDArray[np.float64]:
    """Compute the fraction of ``first_hits`` (ranks from 1) within the first 1 … K ranks.

    Returns:
        (K,) float64; NaN if ``first_hits`` is empty.
    """
    if not first_hits.size:
        return np.full(max_rank, np.nan)
    at_rank = np.bincount(first_hits, minlength=max_rank + 1)[1 : max_rank + 1]
    return np.cumsum(at_rank) / first_hits.size


def check_max_rank(max_rank: int) -> None:
    """Raise InvalidInputError if ``max_rank`` is below 1."""
    if max_rank < 1:
        raise InvalidInputError(
            f"max_rank is {max_rank}. It is the length of the CMC and must be at least 1."
        )
