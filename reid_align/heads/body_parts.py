"""How the 24 body parts of DensePose become 13, then 8: left with right, then front with back.

WeightsSource: DSA-reID (CVPR 2019) section 3.2.1 names both merges and the counts 24, 13 and 8; with
DensePose's part list, only this assignment gives them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

# One row per merged part; in it one tuple per surface, front and back, with DensePose's ids of the
# left and the right part. The torso has no sides; hands, feet and head are one surface all around.
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
# How many consecutive entries each merge adds up: 24 parts to 13 surfaces, 13 surfaces to 8 parts.
LEFT_RIGHT = tuple(len(sides) for surfaces in BODY_PARTS.values() for sides in surfaces)
FRONT_BACK = tuple(len(surfaces) for surfaces in BODY_PARTS.values())
PARTS = sum(LEFT_RIGHT)


def merge(maps: Tensor, sizes: Sequence[int]) -> Tensor:
    """Add up consecutive entries of axis 1, as many as ``sizes`` says for each result.

    Args:
        maps: (N, sum(sizes), C, h, w), in the order of the part ids.
        sizes: `LEFT_RIGHT` or `FRONT_BACK`.

    Returns:
        (N, len(sizes), C, h, w).
    """
    return torch.stack([run.sum(1) for run in torch.split(maps, list(sizes), dim=1)], dim=1)
