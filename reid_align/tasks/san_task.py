"""SAN: joint training of a reID encoder and a decoder that reconstructs aligned textures.

Source: SAN, arXiv:1905.13143, section 3.2; the alternating step is that of its official code.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from torch import Tensor, nn

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.heads import DecodedTexture
from reid_align.losses import OFFICIAL_CONSTRAINT, PAPER_CONSTRAINT
from reid_align.models import Encoder
from reid_align.tasks.loss_ranges import require_loss_ranges
from reid_align.tasks.loss_sums import weighted_sum
from reid_align.tasks.supervision import Supervision, SupervisionConfig
from reid_align.tasks.task_config import (
    REID,
    SYNTHETIC,
    ConfiguredTask,
    EncoderConfig,
    EncoderTaskConfig,
)
from reid_align.tasks.texture_decoding import (
    DecoderConfig,
    decoder_product,
    decoder_samples,
    reconstruction_loss,
)
from reid_align.tasks.training_features import compute_training_features
from reid_align.training.task_interface import MAIN, Losses, Product, StepContext
from reid_align.typed_reading import require_choices

TEXTURE = "texture"
CONSTRAINTS = {"paper": PAPER_CONSTRAINT, "official": OFFICIAL_CONSTRAINT}


@dataclass(frozen=True)
class SanConfig(EncoderTaskConfig):
    """Settings of SAN.

    Attributes:
        encoder: SA-Enc.
        supervision: the losses of its feature, with λ1 and λ2.
        decoder: SA-Dec and its target.
        reconstruction_weight: λ3, of the mean absolute error of the reconstruction.
        constraint_weight: λ4, of the Triplet-ReID constraint; 0 disables it.
        constraint: form of the constraint: "paper", or "official" as in its code.
        step: "joint", one weighted sum for one optimizer, as in the paper; "alternating", the
            identity losses for the optimizer "main" and the others for the optimizer "texture", as
            in the official code.
        synthetic: also train on synthetic batches, with λ3 alone.

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
        require_loss_ranges(self)

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of each loss by its name."""
        return {
            **self.supervision.weights,
            "reconstruction": self.reconstruction_weight,
            "constraint": self.constraint_weight,
        }

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return the content of the batches of each stream: the decoder's target."""
        streams = (REID, SYNTHETIC) if self.synthetic else (REID,)
        return dict.fromkeys(streams, BatchSpec(target=self.decoder.target))

    def build(self, identities: int) -> "SanTask":
        """Build the task with random weights."""
        return SanTask(self, identities)

    def fit_targets(self, held: Collection[str]) -> Self:
        """Return the task with external images in place of frontal ones that the set lacks."""
        if self.decoder.target != "frontal" or "frontal" in held:
            return self
        return replace(self, decoder=replace(self.decoder, target="external"))


class SanTask(ConfiguredTask):
    """Encoder, classifier and decoder of SAN.

    Batches of the stream "reid" have all four losses. Those of "synthetic" have no identities and
    only a reconstruction loss; they do not update the running statistics of batch norms. With
    several processes, the constraint draws its triplets among the images of all processes: each
    process gathers the compared maps and computes the loss of the whole batch. For images of
    256×128 pixels in float32 these take 2 MB for each image of the whole batch, or 4 MB in the
    official form, and the compared triplets three times as much.

    Args:
        config: the settings.
        identities: number of training identities.
    """

    config: SanConfig
    encoder: Encoder
    frozen_statistics = frozenset({SYNTHETIC})

    def __init__(self, config: SanConfig, identities: int) -> None:
        super().__init__(config)
        self.encoder = config.encoder.build()
        self.supervision = Supervision(config.supervision, self.encoder.feature_dim, identities)
        self.decoder = config.decoder.build(self.encoder)

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Compute the losses of one batch."""
        maps = self.encoder.forward_maps(batch.images)
        decoded = self.decoder(*maps)
        texture = {"reconstruction": reconstruction_loss(decoded, batch)}
        if stream == SYNTHETIC:
            return self._objectives({}, texture)
        if self.config.constraint_weight:
            texture["constraint"] = self._constraint(decoded, batch.person_ids, context)
        features = compute_training_features(self.encoder, maps)
        return self._objectives(
            self.supervision(features, batch.person_ids, batch.camera_ids, context.group), texture
        )

    def parameter_groups(self) -> Mapping[str, list[nn.Parameter]]:
        """Return all parameters, or in the alternating step those of each optimizer."""
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
        """Return input, decoder output and target."""
        return decoder_samples(self.encoder, self.decoder, batch)

    def _constraint(
        self, decoded: DecodedTexture, person_ids: Tensor, context: StepContext
    ) -> Tensor:
        """Return the constraint on the batch of all processes, equal in each process."""
        constraint, gather = CONSTRAINTS[self.config.constraint], context.group.gather
        blocks = (decoded.d1, decoded.d2, decoded.d3, decoded.d4)[: max(constraint.blocks)]
        return constraint(list(map(gather, blocks)), gather(person_ids), context.generator)

    def _objectives(self, identity: Mapping[str, Tensor], texture: Mapping[str, Tensor]) -> Losses:
        terms, weights = {**identity, **texture}, self.config.weights
        parts = {MAIN: terms} if self.config.step == "joint" else {MAIN: identity, TEXTURE: texture}
        return Losses(
            {name: weighted_sum(part, weights) for name, part in parts.items() if part}, terms
        )
