"""SAN's encoder SA-Enc, and the baseline with the same network.

Source: SAN, arXiv:1905.13143, sections 3.2 and 4.2; its official code for the fc512 head.
"""

from functools import partial
from os import PathLike
from typing import get_args

from torch import Tensor

from reid_align.models.embedding_head import EMBEDDING_DIM, EncoderHead, make_head
from reid_align.models.model_factory import create_encoder, register_depths
from reid_align.models.norms import Norm
from reid_align.models.pooling import Pool
from reid_align.models.resnet import LAYOUTS, Depth, ResNetTrunk
from reid_align.models.resnet_blocks import initialize


class SanEncoder(ResNetTrunk):
    """ResNet without the last stride, global pooling and a head.

    Args:
        depth: 14, 18, 34, 50 (paper) or 101.
        head: "gap" (paper): the pooled features; "fc512" (official code): linear layer, batch norm
            and ReLU to 512 non-negative numbers; "bnneck" (neither): a batch norm on the pooled
            features.
        pool: "avg" (paper) or "gem".
        norm: "bn" (paper) or "ibn_a".

    Raises:
        UnknownNameError: an unknown value.

    Parameters with ResNet-50: 23,508,032 with "gap", 24,558,144 with "fc512", 23,512,128 with
    "bnneck"; "gem" adds one, "ibn_a" none.
    """

    def __init__(
        self, depth: Depth = 50, head: EncoderHead = "gap", pool: Pool = "avg", norm: Norm = "bn"
    ) -> None:
        super().__init__(depth, pool, norm)
        self.embed = make_head(head, get_args(EncoderHead), self.channels[-1])
        self.feature_dim = EMBEDDING_DIM if head == "fc512" else self.channels[-1]
        initialize(self)

    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool e4 to (N, 2048), or (N, 512) with ResNet-18 and 34."""
        return self.pool(maps[-1])  # type: ignore[no-any-return]

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool e4 and apply the head: (N, feature_dim)."""
        return self.embed(self.forward_pool(maps))  # type: ignore[no-any-return]


class BaselineEncoder(SanEncoder):
    """Baseline of both papers: SAN's network, trained without alignment."""


register_depths(SanEncoder, {depth: f"san_resnet{depth}" for depth in LAYOUTS})
register_depths(BaselineEncoder, {depth: f"resnet{depth}_baseline" for depth in LAYOUTS})


def san_resnet50(
    pretrained: bool | str = False,
    *,
    weights: str | PathLike[str] | None = None,
    head: EncoderHead | None = None,
    pool: Pool | None = None,
    norm: Norm | None = None,
) -> SanEncoder:
    """Build SAN's encoder, in evaluation mode.

    Args:
        pretrained: True for the default weights, a tag for others, False for random weights.
        weights: a training run, a folder, a file or another reference to weights, instead of
            ``pretrained``.
        head: "gap" (2048-d), "fc512" (512-d) or "bnneck" (2048-d); default: that of the weights,
            or "gap".
        pool: "avg" or "gem"; default: that of the weights, or "avg".
        norm: "bn" or "ibn_a"; default: that of the weights, or "bn".

    Raises:
        UnknownNameError: the weights or an argument value are unknown.
        InvalidInputError: an argument conflicts with the weights.
        WeightsError: the weights cannot be found, read or verified.
    """
    arch_args = {"head": head, "pool": pool, "norm": norm}
    return create_encoder("san_resnet50", partial(SanEncoder, 50), pretrained, weights, arch_args)


def resnet50_baseline(
    pretrained: bool | str = False,
    *,
    weights: str | PathLike[str] | None = None,
    head: EncoderHead | None = None,
    pool: Pool | None = None,
    norm: Norm | None = None,
) -> BaselineEncoder:
    """Build the baseline encoder (2048-d), in evaluation mode.

    Args:
        pretrained: True for the default weights, a tag for others, False for random weights.
        weights: a training run, a folder, a file or another reference to weights, instead of
            ``pretrained``.
        head: as for `san_resnet50`.
        pool: as for `san_resnet50`.
        norm: as for `san_resnet50`.

    Raises:
        UnknownNameError: the weights or an argument value are unknown.
        InvalidInputError: an argument conflicts with the weights.
        WeightsError: the weights cannot be found, read or verified.
    """
    arch_args = {"head": head, "pool": pool, "norm": norm}
    constructor = partial(BaselineEncoder, 50)
    return create_encoder("resnet50_baseline", constructor, pretrained, weights, arch_args)
