"""Main stream of DSA-reID with a light encoder.

The paper has ResNet-50; the light form is ours.
"""

from functools import partial
from typing import ClassVar, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from reid_align.errors import UnknownNameError
from reid_align.models.dsa_encoder import PARTS, Branches, DsaHead, LocalInput
from reid_align.models.efficientnet_lite import EFFICIENTNET_LITE_0, EFFICIENTNET_LITE_2
from reid_align.models.embedding_head import make_head
from reid_align.models.light_encoder import (
    LAST_CHANNELS,
    UNSTRIDED_STAGE,
    InvertedResidual,
    LightEncoder,
    LightShape,
    convolution_layers,
)
from reid_align.models.mobilenet_v2 import MOBILENET_V2
from reid_align.models.model_factory import MODELS
from reid_align.models.pooling import Pool
from reid_align.models.resnet_blocks import initialize


class DsaLightEncoder(LightEncoder):
    """Light encoder up to e3, then a global branch and eight parallel local branches.

    The global branch is the rest of the light encoder, which can start from ImageNet weights. The
    local branches are the same layers with grouped 1×1 convolutions; each has an eighth of the
    channels. The feature is the global half followed by the local half, eight times 160 numbers.

    Args:
        shape: of the network.
        local_input: "full": each local branch reads all channels of e3; "slice": an eighth of
            them.
        norm_parts: L2-normalize both halves before concatenation.
        head: "gap": the pooled features; "bnneck": a batch norm on them.
        pool: pooling of both maps, "avg" or "gem".
        branches: "both", or "global" or "local" alone.

    Raises:
        UnknownNameError: an unknown value.
    """

    head_prefixes: ClassVar[tuple[str, ...]] = (*LightEncoder.head_prefixes, "local4.")

    def __init__(
        self,
        shape: LightShape,
        local_input: LocalInput = "full",
        norm_parts: bool = False,
        head: DsaHead = "gap",
        pool: Pool = "avg",
        branches: Branches = "both",
    ) -> None:
        if local_input not in get_args(LocalInput):
            raise UnknownNameError("local_input", local_input, get_args(LocalInput))
        if branches not in get_args(Branches):
            raise UnknownNameError("branches", branches, get_args(Branches))
        super().__init__(shape, pool=pool)
        self.norm_parts = norm_parts
        self.branches = ("global", "local") if branches == "both" else (branches,)
        self.feature_dim = len(self.branches) * LAST_CHANNELS
        self.embed = make_head(head, get_args(DsaHead), self.feature_dim)
        if "local" in self.branches:
            self.local4 = _local_branches(shape, self.channels[-2], local_input)
        if "global" not in self.branches:
            del self.features[self._map_ends[-1] :]

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return e1, e2, e3, the global map and the local map, both (N, 1280, h, w).

        A single branch gives only its own map after e3.
        """
        maps, x = [], images
        for number, layer in enumerate(self.features, start=1):
            x = layer(x)
            if number in self._map_ends:
                maps.append(x)
        if "global" in self.branches:
            maps.append(x)
        if "local" in self.branches:
            maps.append(self.local4(maps[2]))
        return tuple(maps)

    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool and concatenate the branch maps: (N, 2560)."""
        return torch.cat([self.pool(branch) for branch in maps[3:]], dim=1)

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool and concatenate the branch maps and apply the head: (N, feature_dim)."""
        features: Tensor = self.embed(self.forward_pool(maps))
        if self.norm_parts:
            features = normalize(features.unflatten(1, (len(self.branches), -1)), dim=2).flatten(1)
        return features


def _local_branches(shape: LightShape, channels: int, local_input: LocalInput) -> nn.Sequential:
    layers: list[nn.Module] = []
    for stage in shape.stages[UNSTRIDED_STAGE:]:
        for _ in range(stage.blocks):
            reads_all = local_input == "full" and not layers
            layers.append(
                InvertedResidual(
                    shape, stage, channels, 1, PARTS, input_branches=1 if reads_all else PARTS
                )
            )
            channels = stage.channels
    last = convolution_layers(shape, channels, LAST_CHANNELS, 1, groups=PARTS)
    layers.append(nn.Sequential(*last))
    branches = nn.Sequential(*layers)
    initialize(branches, branches=PARTS)
    return branches


for _shape in (MOBILENET_V2, EFFICIENTNET_LITE_0, EFFICIENTNET_LITE_2):
    MODELS.register(f"dsa_{_shape.imagenet_model}")(partial(DsaLightEncoder, _shape))
