"""Baseline task of both papers: an encoder with an identity and a triplet loss.

Source: SAN (arXiv:1905.13143) section 4.3 and DSA-reID (CVPR 2019) section 4.3, "Baseline".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.models import Encoder
from reid_align.tasks.loss_sums import weighted_sum
from reid_align.tasks.supervision import Supervision, SupervisionConfig
from reid_align.tasks.task_config import REID, ConfiguredTask, EncoderConfig, EncoderTaskConfig
from reid_align.tasks.training_features import compute_training_features
from reid_align.training.task_interface import MAIN, Losses, StepContext

BASELINE = EncoderConfig("resnet50_baseline")


@dataclass(frozen=True)
class BaselineConfig(EncoderTaskConfig):
    """Settings of the baseline.

    Attributes:
        encoder: the network.
        supervision: the losses of its feature.
    """

    encoder: EncoderConfig = BASELINE
    supervision: SupervisionConfig = field(default_factory=SupervisionConfig)

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of each loss by its name."""
        return self.supervision.weights

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return the content of the reID batches: images and ids."""
        return {REID: BatchSpec()}

    def build(self, identities: int) -> "BaselineTask":
        """Build the task with random weights."""
        return BaselineTask(self, identities)


class BaselineTask(ConfiguredTask):
    """Encoder and classifier with an identity and a triplet loss.

    Args:
        config: the settings.
        identities: number of training identities.
    """

    config: BaselineConfig
    encoder: Encoder

    def __init__(self, config: BaselineConfig, identities: int) -> None:
        super().__init__(config)
        self.encoder = config.encoder.build()
        self.supervision = Supervision(config.supervision, self.encoder.feature_dim, identities)

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Compute the losses of one batch."""
        maps = self.encoder.forward_maps(batch.images)
        features = compute_training_features(self.encoder, maps)
        terms = self.supervision(features, batch.person_ids, batch.camera_ids, context.group)
        return Losses({MAIN: weighted_sum(terms, self.config.weights)}, terms)
