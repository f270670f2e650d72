"""Main stream of DSA-reID, the part of the network used for inference.

Source: DSA-reID, CVPR 2019, sections 3.2.2 and 4.4.
"""

from functools import partial
from os import PathLike
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
from reid_align.models.embedding_head import make_head
from reid_align.models.model_factory import create_encoder, register_depths
from reid_align.models.norms import Norm
from reid_align.models.pooling import Pool
from reid_align.models.resnet import LAYOUTS, WIDTHS, Depth, ResNetTrunk
from reid_align.models.resnet_blocks import initialize, stage


class DsaEncoder(BranchedEncoder, ResNetTrunk):
    """ResNet up to layer3, then a global branch (layer4) and eight parallel local branches.

    The local branches are one stack of grouped convolutions; each has an eighth of layer4's
    channels. The feature is the global half followed by the local half, which has eight times 256
    numbers with ResNet-50 and eight times 64 with ResNet-18.

    Args:
        depth: 14, 18, 34, 50 (paper) or 101.
        local_input: "full": each local branch reads all channels of layer3; "slice": an eighth of
            them. The paper allows both readings.
        norm_parts: L2-normalize both halves before concatenation.
        head: "gap" (paper): the pooled features; "bnneck": a batch norm on them.
        pool: pooling of both maps, "avg" (paper) or "gem".
        norm: norm of layer1 to layer3, "bn" (paper) or "ibn_a".
        branches: "both", or "global" or "local" alone as in the paper's table 3.

    Raises:
        UnknownNameError: an unknown value.

    Parameters with ResNet-50: 27,692,096 with "full", 25,398,336 with "slice".
    """

    head_prefixes: ClassVar[tuple[str, ...]] = (*ResNetTrunk.head_prefixes, "local4.")

    def __init__(
        self,
        depth: Depth = 50,
        local_input: LocalInput = "full",
        norm_parts: bool = False,
        head: DsaHead = "gap",
        pool: Pool = "avg",
        norm: Norm = "bn",
        branches: Branches = "both",
    ) -> None:
        chosen = select_branches(branches, local_input)
        super().__init__(depth, pool, norm)
        self.norm_parts, self.branches = norm_parts, chosen
        self.feature_dim = len(self.branches) * self.channels[-1]
        self.local4 = _local_branches(depth, self.channels[-2], local_input)
        self.embed = make_head(head, get_args(DsaHead), self.feature_dim)
        initialize(self)
        initialize(self.local4, branches=PARTS)
        if branches == "global":
            del self.local4
        elif branches == "local":
            del self.layer4

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return e1, e2, e3, the global map and the local map, both (N, C, h, w).

        A single branch gives only its own map after e3. C is the number of channels of layer4.
        """
        e1, e2, e3 = self.forward_stem(images)
        layers = {"global": "layer4", "local": "local4"}
        return (e1, e2, e3, *(getattr(self, layers[name])(e3) for name in self.branches))


def _local_branches(depth: Depth, in_channels: int, local_input: LocalInput) -> nn.Sequential:
    block, blocks = LAYOUTS[depth]
    return stage(
        in_channels,
        WIDTHS[-1],
        blocks[-1],
        stride=1,
        groups=PARTS,
        input_groups=PARTS if local_input == "slice" else 1,
        block=block,
    )


register_depths(
    DsaEncoder, {depth: "dsa_reid" if depth == 50 else f"dsa_resnet{depth}" for depth in LAYOUTS}
)


def dsa_reid(
    pretrained: bool | str = False,
    *,
    weights: str | PathLike[str] | None = None,
    local_input: LocalInput | None = None,
    norm_parts: bool | None = None,
    head: DsaHead | None = None,
    pool: Pool | None = None,
    norm: Norm | None = None,
    branches: Branches | None = None,
) -> DsaEncoder:
    """Build the encoder of DSA-reID (4096-d), in evaluation mode.

    Args:
        pretrained: True for the default weights, a tag for others, False for random weights.
        weights: a training run, a folder, a file or another reference to weights, instead of
            ``pretrained``.
        local_input: "full" or "slice"; default: that of the weights, or "full".
        norm_parts: default: that of the weights, or False.
        head: "gap" or "bnneck"; default: that of the weights, or "gap".
        pool: "avg" or "gem"; default: that of the weights, or "avg".
        norm: "bn" or "ibn_a"; default: that of the weights, or "bn".
        branches: "both", "global" or "local"; default: that of the weights, or "both".

    Raises:
        UnknownNameError: the weights or an argument value are unknown.
        InvalidInputError: an argument conflicts with the weights.
        WeightsError: the weights cannot be found, read or verified.
    """
    arch_args = {
        "local_input": local_input,
        "norm_parts": norm_parts,
        "head": head,
        "pool": pool,
        "norm": norm,
        "branches": branches,
    }
    return create_encoder("dsa_reid", partial(DsaEncoder, 50), pretrained, weights, arch_args)
