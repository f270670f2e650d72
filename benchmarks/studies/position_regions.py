"""Body regions of feature-map positions, and measures of explained pairs of images."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_align.body_atlas import BACKGROUND, NUM_PARTS, PARTS
from reid_align.datasets import read_image
from reid_align.errors import InvalidInputError
from reid_align.explanation import match_regions, position_features, similarity_shares
from reid_align.explanation.explanation_result import MATCHES
from reid_align.explanation.position_grid import PositionGrid
from reid_align.models.encoder import Encoder

Ids = NDArray[np.int64]
Pair = tuple[int, int]
Values = Callable[[int], Tensor]
Regions = Callable[[int], NDArray[np.int64]]
# Smallest share of body pixels in the box of a position on the body.
BODY = 0.3
# Region number of each part number; 0 is the background.
_REGIONS = sorted({part.region for part in PARTS})
_NUMBERS = np.array([BACKGROUND, *(1 + _REGIONS.index(part.region) for part in PARTS)])


def draw_pairs(people: Ids, cameras: Ids, count: int, seed: int) -> dict[str, list[Pair]]:
    """Draw at most ``count`` pairs "same" and as many pairs "different", each from two cameras.

    Raises:
        InvalidInputError: there is only one identity, or none with two cameras.
    """
    rows, random = np.arange(len(people)), np.random.default_rng(seed)
    same = [
        (int(row), int(other))
        for row in rows
        for other in np.flatnonzero(
            (people == people[row]) & (cameras != cameras[row]) & (rows > row)
        )
    ]
    if not same or (people == people[0]).all():
        raise InvalidInputError(
            "The images show only one identity, or none in two cameras. Use a larger dataset."
        )
    chosen = random.permutation(len(same))[:count]
    different: set[Pair] = set()
    while len(different) < len(chosen):
        one, other = (int(row) for row in random.integers(len(people), size=2))
        if people[one] != people[other] and cameras[one] != cameras[other]:
            different.add((one, other))
    return {"same": [same[row] for row in chosen], "different": sorted(different)}


def position_values(encoder: Encoder, names: list[str]) -> Values:
    """Return a cached function from the number of an image to its position features (h, w, D)."""

    @cache
    def values(row: int) -> Tensor:
        pixels = torch.from_numpy(encoder.preprocess.resize(read_image(names[row])).copy())
        with torch.inference_mode():
            batch = encoder.preprocess.normalize(pixels.permute(2, 0, 1)[None].contiguous())
            return position_features(encoder, batch).values[0]

    return values


def region_grid(parts: NDArray[np.uint8], grid: PositionGrid) -> NDArray[np.int64]:
    """Return the most frequent body region in the box of each position, (h, w); 0 is background.

    Args:
        parts: part numbers (H, W) of a dense pose map.
        grid: positions of the feature map.
    """
    found = np.zeros((grid.rows, grid.columns), np.int64)
    for row, column in np.ndindex(*found.shape):
        left, top, right, bottom = grid.box((row, column), (parts.shape[0], parts.shape[1]))
        box = _NUMBERS[parts[top:bottom, left:right]]
        counts = np.bincount(box.ravel(), minlength=NUM_PARTS)[1:]
        if counts.sum() >= BODY * box.size:
            found[row, column] = 1 + counts.argmax()
    return found


def measure_pairs(
    pairs: Iterable[Pair], values: Values, regions: Regions | None
) -> dict[str, float]:
    """Return means over pairs of images; shares are in percent.

    "one_row" is the share of the strongest matches with at most one row between their ends, and
    "contribution" the sum of their contributions. With regions, there are also: "body_area", the
    share of positions on the body; "body_contribution", their share of all positive contributions;
    "body_matches", the share of matches with both ends on the body; "same_region", the share of
    these with the same region at both ends; and "chance", the same share of all pairs of positions
    on the body.

    Args:
        pairs: pairs of image numbers.
        values: position features of an image.
        regions: region of each position of an image, see `region_grid`; None if unknown.
    """
    found: dict[str, list[float]] = {}

    def add(measures: Mapping[str, object]) -> None:
        for name, value in measures.items():
            found.setdefault(name, []).extend(np.ravel(np.asarray(value, float)).tolist())

    for one, other in pairs:
        shares = similarity_shares(values(one), values(other))
        matches = [match for match in match_regions(shares) if match.contribution > 0][:MATCHES]
        add(
            {
                "similarity": shares.similarity,
                "contribution": sum(match.contribution for match in matches),
                "one_row": [100 * (abs(m.first[0] - m.second[0]) <= 1) for m in matches],
            }
        )
        if regions is None:
            continue
        maps = regions(one), regions(other)
        body = [grid != BACKGROUND for grid in maps]
        heats = [heat.clip(0) for heat in (shares.first, shares.second)]
        ends = [(maps[0][match.first], maps[1][match.second]) for match in matches]
        on_body = [BACKGROUND not in pair for pair in ends]
        add(
            {
                "body_area": [100 * mask.mean() for mask in body],
                "body_contribution": [
                    100 * heat[mask].sum() / heat.sum()
                    for heat, mask in zip(heats, body, strict=True)
                    if heat.any()
                ],
                "body_matches": [100 * inside for inside in on_body],
                "same_region": [
                    100 * (pair[0] == pair[1])
                    for pair, inside in zip(ends, on_body, strict=True)
                    if inside
                ],
                "chance": 100 * np.equal.outer(maps[0][body[0]], maps[1][body[1]]).ravel(),
            }
        )
    return {name: round(float(np.mean(each)), 3) for name, each in found.items() if each}
