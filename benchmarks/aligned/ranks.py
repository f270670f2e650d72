"""Rank-1 by what differs between two images of a person.

For each query and each range of a difference, only those of the person's images in other cameras
count that lie in the range, against all images of other people. A query without any is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aligned.truth import Floats, Indices, Truth

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Condition:
    """Something that differs between two images.

    Attributes:
        name: of the condition.
        unit: of its values.
        edges: of its ranges, rising; the last range includes its upper edge.
        measure: from the truth, query rows and gallery rows to the values of the pairs.
    """

    name: str
    unit: str
    edges: tuple[float, ...]
    measure: Callable[[Truth, Indices, Indices], Values]


@dataclass(frozen=True)
class Bin:
    """What was found in one range.

    Attributes:
        low: its lower edge.
        high: its upper edge.
        queries: that have a image in it.
        rank1: of these, in percent; NaN without any.
    """

    low: float
    high: float
    queries: int
    rank1: float


def turned(truth: Truth, query: Indices, gallery: Indices) -> Values:
    """Return by how many degrees the body is turned from one image to the other, 0 to 180."""
    change = truth.headings[query].astype(np.float64) - truth.headings[gallery]
    apart: Values = 180 - np.abs(np.abs(change) % 360 - 180)
    return apart


def least_visible(truth: Truth, query: Indices, gallery: Indices) -> Values:
    """Return the smaller of the visible shares of both images, in percent."""
    smaller = np.minimum(truth.visible[query], truth.visible[gallery])
    share: Values = 100 * smaller.astype(np.float64)
    return share


def misplaced(truth: Truth, query: Indices, gallery: Indices) -> Values:
    """Return how far the parts that both images show lie apart, in percent of their height.

    That is the mean over these parts, and NaN where there is none.
    """
    apart = 100 * np.abs(truth.heights[query] - truth.heights[gallery]).astype(np.float64)
    seen = np.isfinite(apart)
    counts = seen.sum(1)
    sums = np.where(seen, apart, 0).sum(1)
    mean: Values = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return mean


CONDITIONS = (
    Condition("change of orientation", "degrees", (0, 30, 60, 90, 120, 150, 180), turned),
    Condition("visible share", "%", (0, 50, 70, 85, 95, 100), least_visible),
    Condition("misplacement of the box", "% of the height", (0, 2, 4, 7, 11, 30), misplaced),
)


def rank1_by(features: Floats, truth: Truth, condition: Condition) -> list[Bin]:
    """Return rank-1 in each range of a condition.

    Args:
        features: (N, D), a row for each image; cosines are compared.
        truth: of these images.
        condition: what differs.
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
