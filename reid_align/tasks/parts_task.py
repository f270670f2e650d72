"""ReID from part images alone: the guiding stream of DSA-reID without the image.

Source: DSA-reID, CVPR 2019, section 3.2, which reports neither numbers nor losses; the losses here
are those of its fused features.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor, nn

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.preprocess import Preprocess
from reid_align.tasks.guiding_stream import GLOBAL, LOCAL, GuideConfig, guide_product, name_fused
from reid_align.tasks.loss_sums import sum_losses, weighted_sum
from reid_align.tasks.supervision import Supervision, SupervisionConfig
from reid_align.tasks.task_config import (
    REID,
    SMOKE_HEIGHT,
    SMOKE_WIDTH,
    ConfiguredTask,
    TaskConfig,
)
from reid_align.tasks.training_features import TrainingFeatures
from reid_align.training.task_interface import MAIN, Losses, Product, StepContext

FUSED = SupervisionConfig(1.0, 1.5, classifier="two_layer")
SMOKE_FEATURES = 512


@dataclass(frozen=True)
class PartsConfig(TaskConfig):
    """Settings of the stream and of its losses.

    Attributes:
        guide: the stream.
        feature_dim: length of d_G and of d_L; a multiple of 64.
        supervision: the losses of each of the two.
        height: height of the batch's images in pixels. The part images come from the stored images
            and do not depend on it.
        width: width of the batch's images in pixels.
    """

    guide: GuideConfig = field(default_factory=GuideConfig)
    feature_dim: int = 2048
    supervision: SupervisionConfig = FUSED
    height: int = 256
    width: int = 128

    @property
    def preprocess(self) -> Preprocess:
        """Size and normalization of the images."""
        return Preprocess(self.height, self.width)

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return the content of the reID batches: the part images."""
        return {REID: BatchSpec(part_images=self.guide.part_images)}

    def build(self, identities: int) -> "PartsTask":
        """Build the task with random weights."""
        return PartsTask(self, identities)

    def smoke_test(self) -> "PartsConfig":
        """Return the same task with a small stream and images of 64×32 pixels."""
        return replace(
            self,
            guide=self.guide.smoke_test(),
            feature_dim=SMOKE_FEATURES,
            height=SMOKE_HEIGHT,
            width=SMOKE_WIDTH,
        )


class PartsTask(ConfiguredTask):
    """The guiding stream with the losses of d_G and of d_L.

    Args:
        config: the settings.
        identities: number of training identities.
    """

    config: PartsConfig
    has_fused_features = True

    def __init__(self, config: PartsConfig, identities: int) -> None:
        super().__init__(config)
        self.guide = config.guide.build(config.feature_dim)
        self.supervisions = nn.ModuleDict(
            {
                name: Supervision(config.supervision, config.feature_dim, identities)
                for name in (GLOBAL, LOCAL)
            }
        )

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Compute the losses of one batch."""
        guides = self.config.guide.compute_guides(self.guide, batch)
        losses = {
            name: supervision(
                TrainingFeatures(guides[name], guides[name]),
                batch.person_ids,
                batch.camera_ids,
                context.group,
            )
            for name, supervision in self.supervisions.items()
        }
        terms = {
            term: sum_losses(branch[term] for branch in losses.values()) for term in losses[GLOBAL]
        }
        return Losses({MAIN: weighted_sum(terms, self.config.supervision.weights)}, terms)

    def products(self) -> Mapping[str, Product]:
        """Return the guiding stream."""
        return {"dsag_stream": guide_product(self.guide)}

    def fused_features(self, batch: Batch) -> dict[str, Tensor]:
        """Compute d_G and d_L of a batch, (N, D) each, as "z_G" and "z_L"."""
        return name_fused(self.config.guide.compute_guides(self.guide, batch))
