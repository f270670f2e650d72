"""Answers of a search: the hits of each query."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Hit:
    """A gallery image that a search found.

    Attributes:
        path: its path as recorded in the gallery.
        distance: distance to the query; after re-ranking in [0, 1].
        metadata: its metadata; None where a value is unknown.
        row: its row in the gallery.
        file: the path that opens the image; equal to ``path`` if the file is missing.
        probability: probability that it shows the query's identity, if calibrated.
    """

    path: str
    distance: float
    metadata: Mapping[str, object]
    row: int = -1
    file: str = ""
    probability: float | None = None


@dataclass(frozen=True)
class QueryHits:
    """The hits of one query, nearest first.

    Attributes:
        query: path of the query, or its name in memory, such as ``input[0]``.
        hits: at most k hits; fewer if the gallery, without the excluded images, is smaller.
        metadata: metadata of the query, where known.
        file: the path that opens the query's image; "" for an image in memory.
    """

    query: str
    hits: tuple[Hit, ...]
    metadata: Mapping[str, object]
    file: str = ""


def probability_text(share: float) -> str:
    """Format a probability; never as 0 % or 100 %."""
    if share < 0.01:
        return "<1 %"
    return ">99 %" if share > 0.99 else f"{100 * share:.0f} %"
