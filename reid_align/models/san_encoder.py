"""SA-Enc, the encoder of SAN, and the plain baseline that has the same network.

WeightsSource: SAN, arXiv:1905.13143, sections 3.2 and 4.2; its official code for the fc512 head.
"""

from functools import partial
from os import PathLike
from typing import get_args

from torch import Tensor

from reid_align.models.embedding_head import EMBEDDING_DIM, EncoderHead, make_head
from reid_align.models.model_factory import build, register_depths
from reid_align.models.norms import Norm
from reid_align.models.pooling import Pool
from reid_align.models.resnet import LAYOUTS, Depth, ResNetTrunk
from reid_align.models.resnet_blocks import initialize


class SanEncoder(ResNetTrunk):
    """A ResNet with the last stride removed, pooled over positions, and a head.

    Args:
        depth: 14, 18, 34, 50 or 101; the paper's is 50.
        head: "gap", the paper's feature: the pooled numbers themselves; "fc512", the official
            code's: Linear, batch norm and ReLU to 512 numbers that are never negative; "bnneck":
            the pooled numbers through a batch norm (in neither, common practice since).
        pool: "avg", the paper's, or "gem".
        norm: "bn", the paper's, or "ibn_a".

    Raises:
        UnknownNameError: another value.

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
        """Pool e4 over its positions: (N, 2048), or (N, 512) with ResNet-18 and 34."""
        return self.pool(maps[-1])  # type: ignore[no-any-return]

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool e4 over its positions and apply the head: (N, feature_dim)."""
        return self.embed(self.forward_pool(maps))  # type: ignore[no-any-return]


class BaselineEncoder(SanEncoder):
    """The baseline of both papers: the network of SAN, trained without alignment."""


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
        pretrained: True for the default weights, a tag for others, False for none.
        weights: a file of ours (`.safetensors`), a folder or a repository on the Hub instead.
        head: "gap" (2048-d), "fc512" (512-d) or "bnneck" (2048-d); as the weights have it where
            left out, "gap" without weights.
        pool: "avg" or "gem"; as the weights have it where left out, else "avg".
        norm: "bn" or "ibn_a"; as the weights have it where left out, else "bn".

    Raises:
        UnknownNameError: no weights of that name.
        InvalidInputError: the weights were made for other arguments.
        WeightsError: the weights cannot be found, read or trusted.
    """
    arch_args = {"head": head, "pool": pool, "norm": norm}
    return build("san_resnet50", partial(SanEncoder, 50), pretrained, weights, arch_args)


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
        pretrained: True for the default weights, a tag for others, False for none.
        weights: a file of ours (`.safetensors`), a folder or a repository on the Hub instead.
        head: as of `san_resnet50`.
        pool: as of `san_resnet50`.
        norm: as of `san_resnet50`.

    Raises:
        UnknownNameError: no weights of that name.
        InvalidInputError: the weights were made for other arguments.
        WeightsError: the weights cannot be found, read or trusted.
    """
    arch_args = {"head": head, "pool": pool, "norm": norm}
    constructor = partial(BaselineEncoder, 50)
    return build("resnet50_baseline", constructor, pretrained, weights, arch_args)
