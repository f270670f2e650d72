"""SAN: an encoder that tells people apart, and a decoder that unwraps them, trained together.

Source: SAN, arXiv:1905.13143, section 3.2; the alternating step is that of its official code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor, nn

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.heads import DecodedTexture
from reid_align.losses import OFFICIAL_CONSTRAINT, PAPER_CONSTRAINT
from reid_align.models import Encoder
from reid_align.tasks.decoding import (
    DecoderConfig,
    decoded_images,
    decoder_product,
    reconstruction,
)
from reid_align.tasks.loss_settings import require_amounts, require_choices
from reid_align.tasks.loss_sums import weighted
from reid_align.tasks.supervision import Supervision, SupervisionConfig
from reid_align.tasks.task_config import REID, SYNTHETIC, EncoderConfig, EncoderTaskConfig
from reid_align.tasks.training_features import read_features
from reid_align.training.task import MAIN, Losses, Product, StepContext, Task

TEXTURE = "texture"
CONSTRAINTS = {"paper": PAPER_CONSTRAINT, "official": OFFICIAL_CONSTRAINT}


@dataclass(frozen=True)
class SanConfig(EncoderTaskConfig):
    """What SAN minimizes, and how.

    Attributes:
        encoder: SA-Enc.
        supervision: the losses of its feature, with λ1 and λ2.
        decoder: SA-Dec, and what it draws.
        reconstruction_weight: λ3, of the mean absolute error of what it draws.
        constraint_weight: λ4, of the Triplet-ReID constraint; 0 leaves it out.
        constraint: the "paper"'s form of it, or that of the "official" code.
        step: "joint", one weighted sum for one optimizer, as the paper has it; "alternating", the
            identity losses for the optimizer "main" and the others for the optimizer "texture", as
            the official code has it.
        synthetic: also take synthetic batches, which have λ3 alone.

    Raises:
        InvalidInputError: a weight that is negative or not finite.
        UnknownNameError: another constraint or step.
    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    supervision: SupervisionConfig = field(default_factory=SupervisionConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    reconstruction_weight: float = 1.0
    constraint_weight: float = 1.0
    constraint: Literal["paper", "official"] = "paper"
    step: Literal["joint", "alternating"] = "joint"
    synthetic: bool = True

    def __post_init__(self) -> None:
        require_choices(self)
        require_amounts(self)

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of each loss by its name."""
        return {
            **self.supervision.weights,
            "reconstruction": self.reconstruction_weight,
            "constraint": self.constraint_weight,
        }

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return what the batches of each stream must hold: the decoder's target."""
        streams = (REID, SYNTHETIC) if self.synthetic else (REID,)
        return dict.fromkeys(streams, BatchSpec(target=self.decoder.target))

    def build(self, identities: int) -> "SanTask":
        """Build the task with random weights."""
        return SanTask(self, identities)


class SanTask(Task):
    """Encoder, classifier and decoder of SAN.

    Batches of the stream "reid" have all four losses. Those of "synthetic" have no identities and
    only teach encoder and decoder to draw; running statistics of batch norms are those of the reID
    images alone. With several processes, the constraint draws its triplets among the images of
    all: each process gathers the maps it compares and computes the loss of the whole batch. For
    images of 256×128 pixels in float32 these take 2 MB for each image of the whole batch, or 4 MB
    in the official form, and the compared triplets three times as much.

    Args:
        config: the losses.
        identities: how many persons there are.
    """

    encoder: Encoder
    frozen_statistics = frozenset({SYNTHETIC})

    def __init__(self, config: SanConfig, identities: int) -> None:
        super().__init__()
        self.config = config
        self.encoder = config.encoder.build()
        self.supervision = Supervision(config.supervision, self.encoder.feature_dim, identities)
        self.decoder = config.decoder.build(self.encoder)

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return what the batches of each stream must hold."""
        return self.config.batch_specs()

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Compute the losses of one batch."""
        maps = self.encoder.forward_maps(batch.images)
        decoded = self.decoder(*maps)
        texture = {"reconstruction": reconstruction(decoded, batch)}
        if stream == SYNTHETIC:
            return self._objectives({}, texture)
        if self.config.constraint_weight:
            texture["constraint"] = self._constraint(decoded, batch.person_ids, context)
        features = read_features(self.encoder, maps)
        return self._objectives(
            self.supervision(features, batch.person_ids, batch.camera_ids, context.group), texture
        )

    def parameter_groups(self) -> Mapping[str, list[nn.Parameter]]:
        """Return all parameters; in the alternating step, those that each optimizer trains."""
        if self.config.step == "joint":
            return super().parameter_groups()
        encoder = list(self.encoder.parameters())
        return {
            MAIN: [*encoder, *self.supervision.parameters()],
            TEXTURE: [*encoder, *self.decoder.parameters()],
        }

    def products(self) -> Mapping[str, Product]:
        """Return the encoder and the decoder."""
        return {**super().products(), "san_decoder": decoder_product(self.decoder)}

    def sample_images(self, batch: Batch) -> Mapping[str, Tensor]:
        """Return what the decoder draws, beside what it should draw."""
        return decoded_images(self.encoder, self.decoder, batch)

    def _constraint(
        self, decoded: DecodedTexture, person_ids: Tensor, context: StepContext
    ) -> Tensor:
        """Return the constraint on the batch of all processes, which is the same in each."""
        constraint, gather = CONSTRAINTS[self.config.constraint], context.group.gather
        blocks = (decoded.d1, decoded.d2, decoded.d3, decoded.d4)[: max(constraint.blocks)]
        return constraint(list(map(gather, blocks)), gather(person_ids), context.generator)

    def _objectives(self, identity: Mapping[str, Tensor], texture: Mapping[str, Tensor]) -> Losses:
        terms, weights = {**identity, **texture}, self.config.weights
        parts = {MAIN: terms} if self.config.step == "joint" else {MAIN: identity, TEXTURE: texture}
        return Losses(
            {name: weighted(part, weights) for name, part in parts.items() if part}, terms
        )
