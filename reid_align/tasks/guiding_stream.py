"""The guiding stream of DSA-reID in a task: its settings and its features of a batch."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from reid_align.batches.batch import Batch, PartKind
from reid_align.errors import InvalidInputError
from reid_align.heads import DsagStream
from reid_align.heads.dsag_stream import FEATURES_PER_WIDTH, GlobalHead, Share
from reid_align.heads.head_factory import build_head
from reid_align.training.task_interface import Product
from reid_align.typed_reading import require_choices

GLOBAL, LOCAL = "global", "local"
# Names of the fused features in the paper.
FUSED_NAMES = {GLOBAL: "z_G", LOCAL: "z_L"}


@dataclass(frozen=True)
class GuideConfig:
    """Settings of the guiding stream.

    Attributes:
        part_images: its input: aligned charts ("uv"), crops of the parts ("crops", the coarse
            alignment of table 4 of the paper), or "none" for no guiding stream.
        conv5_g: the global head, "basic" as in the paper or "bottleneck" for small GPUs.
        share: "none" or "all", whether the branches share their weights.
        mask_missing: skip the stream for images without a detection. By default it reads 24 empty
            part images for them.

    Raises:
        UnknownNameError: another value of one of the first three.
    """

    part_images: PartKind = "uv"
    conv5_g: GlobalHead = "basic"
    share: Share = "none"
    mask_missing: bool = False

    def __post_init__(self) -> None:
        require_choices(self)

    def smoke_test(self) -> "GuideConfig":
        """Return the settings with the small global head."""
        return replace(self, conv5_g="bottleneck")

    def build(self, feature_dim: int, branches: Collection[str] = (GLOBAL, LOCAL)) -> DsagStream:
        """Build the stream; only the heads of ``branches`` are trainable.

        Args:
            feature_dim: length of d_G and of d_L.
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

    def compute_guides(self, stream: DsagStream, batch: Batch) -> dict[str, Tensor]:
        """Return d_G and d_L of a batch, (N, D) each, as "global" and "local".

        Raises:
            InvalidInputError: the batch has no part images.
        """
        if batch.part_images is None or batch.part_present is None:
            raise InvalidInputError(
                "The batch has no part images. Request them with BatchSpec(part_images=…)."
            )
        output = stream(batch.part_images)
        guides = {GLOBAL: output.global_feature, LOCAL: output.local_features}
        if not self.mask_missing:
            return guides
        present = batch.part_present[:, None]
        return {name: guide * present for name, guide in guides.items()}


def guide_product(stream: DsagStream) -> Product:
    """Return the stream as a product of a run."""
    return Product(stream, stream.architecture, stream.arch_args)


def name_fused(features: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return features by branch under the paper's names: "z_G" and "z_L"."""
    return {FUSED_NAMES[branch]: feature for branch, feature in features.items()}
