"""OSNet and its variants with instance norms, OSNet-IBN and OSNet-AIN.

For weights trained with torchreid; `reid_align.conversion` reads them.

Source: OSNet, arXiv:1905.00953; OSNet-IBN and OSNet-AIN, arXiv:1910.06827.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import torch.nn.functional as F
from torch import Tensor, nn

from reid_align.models.embedding_head import EMBEDDING_DIM, EncoderHead, make_head
from reid_align.models.encoder import Encoder
from reid_align.models.model_factory import MODELS
from reid_align.models.omni_scale_block import (
    BlockNorm,
    InstanceNorm,
    OmniScaleBlock,
    conv_norm_relu,
)
from reid_align.models.pooling import Pool, make_pool

InstanceNorms = Literal["none", "ibn", "ain"]
# The norms of the six blocks, two in each stage. AIN was found by architecture search.
BLOCK_NORMS: Mapping[InstanceNorms, tuple[tuple[BlockNorm, BlockNorm], ...]] = {
    "none": (("bn", "bn"), ("bn", "bn"), ("bn", "bn")),
    "ibn": (("in_after", "in_after"), ("bn", "bn"), ("bn", "bn")),
    "ain": (("in_inside", "in_inside"), ("bn", "in_inside"), ("in_inside", "bn")),
}


@dataclass(frozen=True)
class OsNetShape:
    """Shape of an OSNet.

    Attributes:
        name: architecture name, as in torchreid.
        channels: width of the stem and of the three stages.
        instance_norms: "none", "ibn" or "ain".
    """

    name: str
    channels: tuple[int, int, int, int]
    instance_norms: InstanceNorms = "none"


class OsNetEncoder(Encoder):
    """OSNet, global pooling and a head.

    For images of 256×128 pixels its maps e1 to e4 have 64×32, 32×16, 16×8 and 16×8 positions.

    Args:
        shape: of the network.
        head: "fc512" (paper): linear layer, batch norm and ReLU; "gap" or "bnneck", as for
            `SanEncoder`.
        pool: "avg" (paper) or "gem".

    Raises:
        UnknownNameError: another head or pool.
    """

    def __init__(self, shape: OsNetShape, head: EncoderHead = "fc512", pool: Pool = "avg") -> None:
        super().__init__()
        stem, *widths = shape.channels
        plain = shape.instance_norms == "none"
        self.stem = nn.Sequential(
            nn.Conv2d(3, stem, 7, 2, 3, bias=False),
            nn.BatchNorm2d(stem) if plain else InstanceNorm(stem),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, 1),
        )
        norms = BLOCK_NORMS[shape.instance_norms]
        w1, w2, w3 = widths
        self.stage1 = _stage(stem, w1, norms[0], conv_norm_relu(w1, w1))
        self.stage2 = _stage(w1, w2, norms[1], conv_norm_relu(w2, w2))
        self.stage3 = _stage(w2, w3, norms[2])
        self.last = conv_norm_relu(w3, w3)
        self.channels = (w1, w2, w3, w3)
        self.pool = make_pool(pool)
        self.embed = make_head(head, get_args(EncoderHead), w3)
        self.feature_dim = EMBEDDING_DIM if head == "fc512" else w3
        self._name = shape.name
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out")

    @property
    def imagenet_model(self) -> str:
        """Name of the network, which is also that of its ImageNet classifier."""
        return self._name

    def layers_up_to(self, stage_map: int) -> list[nn.Module]:
        """Return the stem and the stages up to a map."""
        return [self.stem, *(self.stage1, self.stage2, self.stage3)[:stage_map]]

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return e1 and e2 before the pooling of their transition, e3, and e4 after a 1×1 layer."""
        e1 = self.stage1(self.stem(images))
        e2 = self.stage2(F.avg_pool2d(e1, 2))
        e3 = self.stage3(F.avg_pool2d(e2, 2))
        return e1, e2, e3, self.last(e3)

    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool e4 over its positions: (N, 512) at width 1."""
        return self.pool(maps[-1])  # type: ignore[no-any-return]

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool e4 over its positions and apply the head: (N, feature_dim)."""
        return self.embed(self.forward_pool(maps))  # type: ignore[no-any-return]


def _stage(
    channels: int, width: int, norms: tuple[BlockNorm, BlockNorm], *transition: nn.Module
) -> nn.Sequential:
    """Return two blocks, followed by the transition if there is one."""
    first, second = norms
    blocks = OmniScaleBlock(channels, width, first), OmniScaleBlock(width, width, second)
    return nn.Sequential(*blocks, *transition)


WIDTHS_BY_SIZE: Mapping[str, tuple[int, int, int, int]] = {
    "x0_25": (16, 64, 96, 128),
    "x0_5": (32, 128, 192, 256),
    "x0_75": (48, 192, 288, 384),
    "x1_0": (64, 256, 384, 512),
}
OSNETS: Mapping[str, OsNetShape] = {
    shape.name: shape
    for shape in (
        *(OsNetShape(f"osnet_{size}", widths) for size, widths in WIDTHS_BY_SIZE.items()),
        OsNetShape("osnet_ibn_x1_0", WIDTHS_BY_SIZE["x1_0"], "ibn"),
        *(
            OsNetShape(f"osnet_ain_{size}", widths, "ain")
            for size, widths in WIDTHS_BY_SIZE.items()
        ),
    )
}
for _shape in OSNETS.values():
    MODELS.register(_shape.name)(partial(OsNetEncoder, _shape))
