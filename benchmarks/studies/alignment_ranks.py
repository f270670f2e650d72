"""Rank-1 by the difference between two images of an identity.

For each query and each range of a difference, positives are the identity's images from other
cameras within the range; negatives are all images of other identities. Queries without positives
are skipped.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.studies.synthetic_truth import Floats, Indices, Truth

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Condition:
    """A difference between two images.

    Attributes:
        name: name of the condition.
        unit: unit of its values.
        edges: increasing edges of its ranges; the last range includes its upper edge.
        measure: function from truth, query rows and gallery rows to one value per pair.
    """

    name: str
    unit: str
    edges: tuple[float, ...]
    measure: Callable[[Truth, Indices, Indices], Values]


@dataclass(frozen=True)
class Bin:
    """Rank-1 in one range.

    Attributes:
        low: lower edge.
        high: upper edge.
        queries: number of queries with a positive in the range.
        rank1: rank-1 in percent; NaN without queries.
    """

    low: float
    high: float
    queries: int
    rank1: float


def orientation_change(truth: Truth, query: Indices, gallery: Indices) -> Values:
    """Return the difference in body orientation in degrees, 0 to 180."""
    change = truth.headings[query].astype(np.float64) - truth.headings[gallery]
    apart: Values = 180 - np.abs(np.abs(change) % 360 - 180)
    return apart


def smaller_visible_share(truth: Truth, query: Indices, gallery: Indices) -> Values:
    """Return the smaller visible share of both images, in percent."""
    smaller = np.minimum(truth.visible[query], truth.visible[gallery])
    share: Values = 100 * smaller.astype(np.float64)
    return share


def box_misplacement(truth: Truth, query: Indices, gallery: Indices) -> Values:
    """Return the mean vertical offset of parts visible in both images, in percent of the height.

    NaN if no part is visible in both.
    """
    apart = 100 * np.abs(truth.heights[query] - truth.heights[gallery]).astype(np.float64)
    seen = np.isfinite(apart)
    counts = seen.sum(1)
    sums = np.where(seen, apart, 0).sum(1)
    mean: Values = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return mean


CONDITIONS = (
    Condition(
        "change of orientation", "degrees", (0, 30, 60, 90, 120, 150, 180), orientation_change
    ),
    Condition("visible share", "%", (0, 50, 70, 85, 95, 100), smaller_visible_share),
    Condition("misplacement of the box", "% of the height", (0, 2, 4, 7, 11, 30), box_misplacement),
)


def rank1_by(features: Floats, truth: Truth, condition: Condition) -> list[Bin]:
    """Return rank-1 in each range of a condition.

    Args:
        features: (N, D), one row per image; compared by cosine.
        truth: ground truth of these images.
        condition: the condition.
    """
    query, gallery = np.flatnonzero(truth.is_query), np.flatnonzero(~truth.is_query)
    units = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    likeness = units[query] @ units[gallery].T
    same = truth.person_ids[query][:, None] == truth.person_ids[gallery]
    others = np.where(same, -np.inf, likeness).max(1, initial=-np.inf)
    elsewhere = truth.camera_ids[query][:, None] != truth.camera_ids[gallery]
    rows, columns = np.nonzero(same & elsewhere)
    values = condition.measure(truth, query[rows], gallery[columns])
    bins = []
    for low, high in zip(condition.edges[:-1], condition.edges[1:], strict=True):
        last = high == condition.edges[-1]
        inside = (values >= low) & ((values < high) | (last & (values == high)))
        best = np.full(len(query), -np.inf)
        np.maximum.at(best, rows[inside], likeness[rows[inside], columns[inside]])
        asked = np.zeros(len(query), bool)
        asked[rows[inside]] = True
        hits = (best > others)[asked]
        rank1 = 100 * float(hits.mean()) if len(hits) else float("nan")
        bins.append(Bin(low, high, int(asked.sum()), rank1))
    return bins
