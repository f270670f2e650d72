"""Regions of two images that match each other: mutual nearest positions."""

from dataclasses import dataclass

import numpy as np

from reid_align.explanation.similarity_shares import SimilarityShares


@dataclass(frozen=True)
class RegionMatch:
    """One position of each image, each the most similar one to the other.

    Attributes:
        first: row and column in the grid of the first image.
        second: row and column in the grid of the second image.
        cosine: cosine similarity of the two positions, in [-1, 1].
        contribution: share of the pair in the similarity of the images; may be negative.
    """

    first: tuple[int, int]
    second: tuple[int, int]
    cosine: float
    contribution: float


def match_regions(shares: SimilarityShares) -> list[RegionMatch]:
    """Return the mutual nearest positions, largest contribution first.

    A position of the first image and one of the second match if each has the largest cosine
    similarity to the other. Exchanging the images exchanges the two sides of every match.

    Returns:
        At least one match, at most one per position.
    """
    h, w = shares.cosines.shape[:2]
    cosines = shares.cosines.reshape(h * w, -1)
    pairs = shares.pairs.reshape(cosines.shape)
    width = shares.cosines.shape[3]
    nearest, back = cosines.argmax(1), cosines.argmax(0)
    mutual = np.flatnonzero(back[nearest] == np.arange(len(nearest)))
    matches = [
        RegionMatch(
            (int(one) // w, int(one) % w),
            (int(nearest[one]) // width, int(nearest[one]) % width),
            float(cosines[one, nearest[one]]),
            float(pairs[one, nearest[one]]),
        )
        for one in mutual
    ]
    return sorted(matches, key=lambda match: match.contribution, reverse=True)
