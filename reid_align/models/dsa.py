"""The main stream of DSA-reID: the only part of that network that is needed at inference.

Source: DSA-reID, CVPR 2019, sections 3.2.2 and 4.4.
"""

from os import PathLike
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn.functional import normalize

from reid_align.errors import UnknownNameError
from reid_align.models.encoder import global_average
from reid_align.models.factory import MODELS, build
from reid_align.models.resnet import STAGE_WIDTHS, ResNetTrunk, initialize, stage

LocalInput = Literal["full", "slice"]
PARTS = 8


@MODELS.register("dsa_reid")
class DsaEncoder(ResNetTrunk):
    """ResNet-50 up to layer3, then a global branch (layer4) and eight local ones, side by side.

    The local branches are one stack of grouped convolutions: eight branches, each with an eighth
    of layer4's channels. The feature is the global half followed by the local half; the local half
    is made of eight times 256 numbers.

    Args:
        local_input: "full": each local branch reads all 1024 channels of layer3; "slice": its own
            eighth of them. The paper can be read both ways.
        norm_parts: normalise both halves to length 1 before they are joined.

    Raises:
        UnknownNameError: another ``local_input``.

    Parameters: 27,692,096 with "full", 25,398,336 with "slice".
    """

    def __init__(self, local_input: LocalInput = "full", norm_parts: bool = False) -> None:
        if local_input not in get_args(LocalInput):
            raise UnknownNameError("local_input", local_input, get_args(LocalInput))
        super().__init__()
        self.norm_parts = norm_parts
        self.feature_dim = 2 * STAGE_WIDTHS[-1]
        input_groups = PARTS if local_input == "slice" else 1
        self.local4 = stage(1024, 512, 3, stride=1, groups=PARTS, input_groups=input_groups)
        initialize(self)
        initialize(self.local4, branches=PARTS)

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return e1, e2, e3, the global map and the local map, both (N, 2048, h, w)."""
        maps = super().forward_maps(images)
        return (*maps, self.local4(maps[2]))

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Average both maps over their positions and join them: (N, 4096)."""
        halves = [global_average(maps[-2]), global_average(maps[-1])]
        if self.norm_parts:
            halves = [normalize(half) for half in halves]
        return torch.cat(halves, dim=1)


def dsa_reid(
    pretrained: bool | str = False,
    *,
    weights: str | PathLike[str] | None = None,
    local_input: LocalInput | None = None,
    norm_parts: bool | None = None,
) -> DsaEncoder:
    """Build the encoder of DSA-reID (4096-d), in evaluation mode.

    Args:
        pretrained: True for the default weights, a tag for others, False for none.
        weights: a file of ours (`.safetensors`), a folder or a repository on the Hub instead.
        local_input: "full" or "slice"; as the weights have it where left out, else "full".
        norm_parts: as the weights have it where left out, else False.

    Raises:
        UnknownNameError: no weights of that name.
        InvalidInputError: the weights were made for other arguments.
        WeightsError: the weights cannot be found, read or trusted.
    """
    arch_args = {"local_input": local_input, "norm_parts": norm_parts}
    return build("dsa_reid", DsaEncoder, pretrained, weights, arch_args)
