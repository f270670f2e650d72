"""The guiding stream of DSA-reID inside a task: how it is built, and what it says of a batch."""

from collections.abc import Collection
from dataclasses import dataclass

from torch import Tensor

from reid_align.batches.batch import Batch, PartKind
from reid_align.errors import InvalidInputError
from reid_align.heads import DsagStream
from reid_align.heads.dsag import FEATURES_PER_WIDTH, GlobalHead, Share
from reid_align.heads.factory import build_head
from reid_align.tasks.loss_settings import require_choices
from reid_align.training.task import Product

GLOBAL, LOCAL = "global", "local"


@dataclass(frozen=True)
class GuideConfig:
    """The guiding stream.

    Attributes:
        part_images: what it reads: aligned charts ("uv"), crops of the parts ("crops", the coarse
            alignment of table 4 of the paper), or "none" for no such stream.
        conv5_g: the global head, "basic" as in the paper or "bottleneck" for small GPUs.
        share: "none" or "all", whether the branches share their weights.
        mask_missing: let the stream say nothing about images in which nobody was detected; else
            it reads 24 empty part images.

    Raises:
        UnknownNameError: another value of one of the first three.
    """

    part_images: PartKind = "uv"
    conv5_g: GlobalHead = "basic"
    share: Share = "none"
    mask_missing: bool = False

    def __post_init__(self) -> None:
        require_choices(self)

    def build(self, feature_dim: int, branches: Collection[str] = (GLOBAL, LOCAL)) -> DsagStream:
        """Build the stream, with only those of its heads to be trained that belong to branches.

        Args:
            feature_dim: of d_G and of d_L each.
            branches: "global", "local" or both.
        """
        arguments = {
            "conv5_g": self.conv5_g,
            "share": self.share,
            "width": feature_dim // FEATURES_PER_WIDTH,
        }
        stream = build_head("dsag_stream", DsagStream, False, None, arguments)
        stream.conv5_g.requires_grad_(GLOBAL in branches)
        stream.conv5_l.requires_grad_(LOCAL in branches)
        return stream

    def read(self, stream: DsagStream, batch: Batch) -> dict[str, Tensor]:
        """Return d_G and d_L of a batch, (N, D) each, as "global" and "local".

        Raises:
            InvalidInputError: the batch has no part images.
        """
        if batch.part_images is None or batch.part_present is None:
            raise InvalidInputError("The batch has no part images: ask its stream for them.")
        said = stream(batch.part_images)
        guides = {GLOBAL: said.global_feature, LOCAL: said.local_features}
        if not self.mask_missing:
            return guides
        present = batch.part_present[:, None]
        return {name: guide * present for name, guide in guides.items()}


def guide_product(stream: DsagStream) -> Product:
    """Return the stream as a network that a run leaves as a file."""
    return Product(stream, stream.architecture, stream.arch_args)
