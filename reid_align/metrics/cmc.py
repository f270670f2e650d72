"""The cumulative matching characteristic: how many are found within the first ranks."""

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics._ragged import Indices


def cumulative_matches(first_hits: Indices, max_rank: int) -> NDArray[np.float64]:
    """Return the share of ``first_hits``, ranks from 1, that are at most 1 … K; NaN of none."""
    if not first_hits.size:
        return np.full(max_rank, np.nan)
    at_rank = np.bincount(first_hits, minlength=max_rank + 1)[1 : max_rank + 1]
    return np.cumsum(at_rank) / first_hits.size


def check_max_rank(max_rank: int) -> None:
    """Raise InvalidInputError for a CMC of less than one rank."""
    if max_rank < 1:
        raise InvalidInputError(f"max_rank {max_rank}: give the length of the CMC, at least 1.")
