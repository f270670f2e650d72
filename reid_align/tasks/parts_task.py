"""The part images alone: reID from the guiding stream of DSA-reID, without the image.

Source: DSA-reID, CVPR 2019, section 3.2, which tells of it without numbers or losses; those here
are the ones of its fused features.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.preprocess import Preprocess
from reid_align.tasks.guiding_stream import GLOBAL, LOCAL, GuideConfig, guide_product
from reid_align.tasks.loss_sums import total, weighted
from reid_align.tasks.supervision import Supervision, SupervisionConfig
from reid_align.tasks.task_config import REID, TaskConfig
from reid_align.tasks.training_features import Features
from reid_align.training.task import MAIN, Losses, Product, StepContext, Task

FUSED = SupervisionConfig(1.0, 1.5, classifier="two_layer")


@dataclass(frozen=True)
class PartsConfig(TaskConfig):
    """What the stream reads, and what it minimizes.

    Attributes:
        guide: the stream.
        feature_dim: of d_G and of d_L each; a multiple of 64.
        supervision: the losses of either.
        height: of the images that the part images are taken from, in pixels.
        width: of those images in pixels.
    """

    guide: GuideConfig = field(default_factory=GuideConfig)
    feature_dim: int = 2048
    supervision: SupervisionConfig = FUSED
    height: int = 256
    width: int = 128

    @property
    def preprocess(self) -> Preprocess:
        """What is done to a image: its size."""
        return Preprocess(self.height, self.width)

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return what the reID batches must hold: the part images."""
        return {REID: BatchSpec(part_images=self.guide.part_images)}

    def build(self, identities: int) -> "PartsTask":
        """Build the task with random weights."""
        return PartsTask(self, identities)


class PartsTask(Task):
    """The guiding stream with the losses of d_G and of d_L.

    Args:
        config: the losses.
        identities: how many persons there are.
    """

    def __init__(self, config: PartsConfig, identities: int) -> None:
        super().__init__()
        self.config = config
        self.guide = config.guide.build(config.feature_dim)
        self.supervisions = nn.ModuleDict(
            {
                name: Supervision(config.supervision, config.feature_dim, identities)
                for name in (GLOBAL, LOCAL)
            }
        )

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return what the reID batches must hold."""
        return self.config.batch_specs()

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Compute the losses of one batch."""
        guides = self.config.guide.read(self.guide, batch)
        found = {
            name: supervision(
                Features(guides[name], guides[name]),
                batch.person_ids,
                batch.camera_ids,
                context.group,
            )
            for name, supervision in self.supervisions.items()
        }
        terms = {term: total(losses[term] for losses in found.values()) for term in found[GLOBAL]}
        return Losses({MAIN: weighted(terms, self.config.supervision.weights)}, terms)

    def products(self) -> Mapping[str, Product]:
        """Return the guiding stream."""
        return {"dsag_stream": guide_product(self.guide)}

    def fused_features(self, batch: Batch) -> dict[str, Tensor]:
        """Compute d_G and d_L of a batch, (N, D) each, as "global" and "local"."""
        return self.config.guide.read(self.guide, batch)
