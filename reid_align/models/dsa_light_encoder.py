"""Main stream of DSA-reID with a light encoder.

The paper has ResNet-50; the light form is ours.
"""

from functools import partial
from typing import ClassVar, get_args

from torch import Tensor, nn

from reid_align.models.dsa_branches import (
    PARTS,
    BranchedEncoder,
    Branches,
    DsaHead,
    LocalInput,
    select_branches,
)
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


class DsaLightEncoder(BranchedEncoder, LightEncoder):
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
        chosen = select_branches(branches, local_input)
        super().__init__(shape, pool=pool)
        self.norm_parts, self.branches = norm_parts, chosen
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
        e1, e2, e3, last = super().forward_maps(images)
        branches = (last if name == "global" else self.local4(e3) for name in self.branches)
        return (e1, e2, e3, *branches)


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
