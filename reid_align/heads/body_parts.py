"""Merging of DensePose's 24 body parts to 13 surfaces (left + right), then 8 (front + back).

Source: DSA-reID (CVPR 2019) section 3.2.1 names both merges and the counts 24, 13 and 8. This is
the only assignment of DensePose's parts with these counts.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

# One row per merged part with one tuple per surface (front, back), which has DensePose's ids of the
# left and right part. The torso has no sides; hands, feet and head have a single surface.
BODY_PARTS: dict[str, tuple[tuple[int, ...], ...]] = {
    "torso": ((1,), (2,)),
    "hand": ((3, 4),),
    "foot": ((5, 6),),
    "upper_leg": ((7, 8), (9, 10)),
    "lower_leg": ((11, 12), (13, 14)),
    "upper_arm": ((15, 16), (17, 18)),
    "lower_arm": ((19, 20), (21, 22)),
    "head": ((23, 24),),
}
# Number of consecutive entries summed by each merge: 24 parts to 13 surfaces, 13 surfaces to 8.
LEFT_RIGHT = tuple(len(sides) for surfaces in BODY_PARTS.values() for sides in surfaces)
FRONT_BACK = tuple(len(surfaces) for surfaces in BODY_PARTS.values())
PARTS = sum(LEFT_RIGHT)


def merge(maps: Tensor, sizes: Sequence[int]) -> Tensor:
    """Sum groups of consecutive entries of axis 1.

    Args:
        maps: (N, sum(sizes), C, h, w), in the order of the part ids.
        sizes: group sizes, `LEFT_RIGHT` or `FRONT_BACK`.

    Returns:
        (N, len(sizes), C, h, w).
    """
    return torch.stack([run.sum(1) for run in torch.split(maps, list(sizes), dim=1)], dim=1)
