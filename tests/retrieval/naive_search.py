"""Second implementation of the search, in float64 and one pair at a time."""

import numpy as np
from numpy.typing import NDArray


def naive_distance(one: NDArray, two: NDArray, metric: str) -> float:
    one, two = one.astype(np.float64), two.astype(np.float64)
    if metric == "euclidean":
        return float(np.sqrt(sum((a - b) ** 2 for a, b in zip(one, two, strict=True))))
    lengths = float(np.sqrt(sum(one**2)) * np.sqrt(sum(two**2)))
    return 1 - float(sum(one * two)) / lengths if lengths else 1.0


def naive_search(
    queries: NDArray, gallery: NDArray, k: int, metric: str, mask: NDArray
) -> list[list[tuple[int, float]]]:
    """Return row and distance of the hits of each query; ``mask`` (Q, N) marks allowed rows."""
    answers = []
    for query, allowed in zip(queries, mask, strict=True):
        pairs = [
            (naive_distance(query, vector, metric), row)
            for row, vector in enumerate(gallery)
            if allowed[row]
        ]
        answers.append([(row, distance) for distance, row in sorted(pairs)[:k]])
    return answers
