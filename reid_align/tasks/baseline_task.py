"""The baseline of both papers: an encoder with an identity and a triplet loss, and nothing else.

Source: SAN (arXiv:1905.13143) section 4.3 and DSA-reID (CVPR 2019) section 4.3, "Baseline".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.models import Encoder
from reid_align.tasks.loss_sums import weighted
from reid_align.tasks.supervision import Supervision, SupervisionConfig
from reid_align.tasks.task_config import REID, EncoderConfig, EncoderTaskConfig
from reid_align.tasks.training_features import read_features
from reid_align.training.task import MAIN, Losses, StepContext, Task

BASELINE = EncoderConfig("resnet50_baseline")


@dataclass(frozen=True)
class BaselineConfig(EncoderTaskConfig):
    """What is trained, and what is minimized.

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
        """Return what the reID batches must hold: images and ids."""
        return {REID: BatchSpec()}

    def build(self, identities: int) -> "BaselineTask":
        """Build the task with random weights."""
        return BaselineTask(self, identities)


class BaselineTask(Task):
    """Encoder and classifier with an identity and a triplet loss.

    Args:
        config: the losses.
        identities: how many persons there are.
    """

    encoder: Encoder

    def __init__(self, config: BaselineConfig, identities: int) -> None:
        super().__init__()
        self.config = config
        self.encoder = config.encoder.build()
        self.supervision = Supervision(config.supervision, self.encoder.feature_dim, identities)

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return what the reID batches must hold."""
        return self.config.batch_specs()

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Compute the losses of one batch."""
        features = read_features(self.encoder, self.encoder.forward_maps(batch.images))
        terms = self.supervision(features, batch.person_ids, batch.camera_ids, context.group)
        return Losses({MAIN: weighted(terms, self.config.weights)}, terms)
