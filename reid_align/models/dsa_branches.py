"""Branches of DSA-reID's main stream: their arguments, and the feature of their maps.

Source: DSA-reID, CVPR 2019, section 3.2.2.
"""

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from reid_align.errors import UnknownNameError
from reid_align.models.encoder import Encoder

DsaHead = Literal["gap", "bnneck"]
LocalInput = Literal["full", "slice"]
Branches = Literal["both", "global", "local"]
PARTS = 8


def select_branches(branches: Branches, local_input: LocalInput) -> tuple[str, ...]:
    """Return "global", "local" or both, in this order.

    Raises:
        UnknownNameError: an unknown value.
    """
    if local_input not in get_args(LocalInput):
        raise UnknownNameError("local_input", local_input, get_args(LocalInput))
    if branches not in get_args(Branches):
        raise UnknownNameError("branches", branches, get_args(Branches))
    return ("global", "local") if branches == "both" else (branches,)


class BranchedEncoder(Encoder):
    """Encoder with one map per branch after e3; its feature is that of all branches, in order.

    Attributes:
        branches: "global", "local" or both.
        norm_parts: L2-normalize the part of each branch.
        pool: pooling of a map.
        embed: head on the pooled maps.
    """

    pool: nn.Module
    embed: nn.Module
    branches: tuple[str, ...]
    norm_parts: bool

    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool and concatenate the branch maps: (N, 4096) with ResNet-50."""
        return torch.cat([self.pool(branch) for branch in maps[3:]], dim=1)

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool and concatenate the branch maps and apply the head: (N, feature_dim)."""
        features: Tensor = self.embed(self.forward_pool(maps))
        if self.norm_parts:
            features = normalize(features.unflatten(1, (len(self.branches), -1)), dim=2).flatten(1)
        return features
