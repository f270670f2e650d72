"""What a synthetic set knows about each test image, beside who is on it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid_align.datasets.image_store import read_iuv
from reid_align.datasets.synthetic_set import SyntheticSet
from reid_align.shard_set import ROLES, SPLITS, ShardSet, SplitName
from reid_align.uv.atlas import NUM_PARTS

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]
# A part is where it is seen by so many pixels at least.
FEWEST = 8


@dataclass(frozen=True, eq=False)
class Truth:
    """The N query and gallery images of a split.

    Attributes:
        names: of the images, for `read_image`.
        maps: of their dense maps, for `read_iuv`.
        textures: of their persons' textures, for `read_image`.
        person_ids: (N,).
        camera_ids: (N,).
        is_query: (N,) bool; the others are gallery.
        headings: (N,) degrees in [0, 360).
        visible: (N,) the share of the person in the box that nothing hides.
        heights: (N, 24) the mean height at which each part is seen, 0 at the upper edge of the
            image and 1 at the lower one; NaN for a part that is not seen.
    """

    names: tuple[str, ...]
    maps: tuple[str, ...]
    textures: tuple[str, ...]
    person_ids: Indices
    camera_ids: Indices
    is_query: NDArray[np.bool_]
    headings: Floats
    visible: Floats
    heights: Floats


def read_truth(folder: Path, split: SplitName = "test") -> Truth:
    """Read what a set knows about the images of a split.

    Raises:
        DatasetNotFoundError: there is no set.
        ImageReadError: a dense map is damaged.
    """
    found, shards = SyntheticSet(folder), ShardSet(folder)
    rows = np.flatnonzero(found.splits == SPLITS.index(split))
    maps = _chosen(found.names("images", "iuv"), rows)
    heights = [part_heights(read_iuv(name).parts.numpy()) for name in maps]
    return Truth(
        _chosen(found.names("images", "jpeg"), rows),
        maps,
        _chosen(found.names("people", "texture"), found.people[rows]),
        found.person_ids[rows],
        found.camera_ids[rows],
        found.roles[rows] == ROLES.index("query"),
        shards.column("images", "heading")[rows].astype(np.float32),
        shards.column("images", "visible")[rows].astype(np.float32),
        np.reshape(heights, (-1, NUM_PARTS)).astype(np.float32),
    )


def part_heights(parts: NDArray[np.uint8]) -> Floats:
    """Return (24,) the mean height of each part's pixels in a map (H, W), in [0, 1] or NaN."""
    size = NUM_PARTS + 1
    rows = (np.arange(len(parts)) + 0.5) / len(parts)
    counts = np.bincount(parts.ravel(), minlength=size)[1:]
    sums = np.bincount(parts.ravel(), np.repeat(rows, parts.shape[1]), minlength=size)[1:]
    return np.where(counts >= FEWEST, sums / np.maximum(counts, 1), np.nan).astype(np.float32)


def _chosen(names: list[str], rows: Indices) -> tuple[str, ...]:
    return tuple(names[row] for row in rows)
