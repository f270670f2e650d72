"""Ground truth of a synthetic set's query and gallery images."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid_align.body_atlas import NUM_PARTS
from reid_align.datasets.image_store import read_iuv
from reid_align.datasets.synthetic_set import SyntheticSet
from reid_align.shard_set import ROLES, SPLITS, ShardSet, SplitName

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]
# Minimum number of pixels of a visible part.
FEWEST = 8


@dataclass(frozen=True, eq=False)
class Truth:
    """The N query and gallery images of a split.

    Attributes:
        names: image names, for `read_image`.
        maps: names of their dense pose maps, for `read_iuv`.
        textures: names of their identities' textures, for `read_image`.
        person_ids: (N,).
        camera_ids: (N,).
        is_query: (N,) bool; False for gallery images.
        headings: (N,) body orientation in degrees, in [0, 360).
        visible: (N,) unoccluded share of the person in the box.
        heights: (N, 24) mean height of each visible part, from 0 (top) to 1 (bottom of the image);
            NaN for invisible parts.
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
    """Read the ground truth of a split.

    Raises:
        DatasetNotFoundError: the set does not exist.
        ImageReadError: a dense pose map is damaged.
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
    """Return (24,) the mean height of each part's pixels in a part map (H, W), in [0, 1] or NaN."""
    size = NUM_PARTS + 1
    rows = (np.arange(len(parts)) + 0.5) / len(parts)
    counts = np.bincount(parts.ravel(), minlength=size)[1:]
    sums = np.bincount(parts.ravel(), np.repeat(rows, parts.shape[1]), minlength=size)[1:]
    return np.where(counts >= FEWEST, sums / np.maximum(counts, 1), np.nan).astype(np.float32)


def _chosen(names: list[str], rows: Indices) -> tuple[str, ...]:
    return tuple(names[row] for row in rows)
