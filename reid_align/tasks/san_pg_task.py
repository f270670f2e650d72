"""SAN-PG: the texture generator that SAN starts from, trained on synthetic pairs.

Source: SAN, arXiv:1905.13143, section 3.2, step 1, and section 4.3 for other targets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.models import Encoder
from reid_align.tasks.task_config import (
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
from reid_align.training.task_interface import MAIN, Losses, Product, StepContext


@dataclass(frozen=True)
class SanPgConfig(EncoderTaskConfig):
    """Settings of SAN-PG.

    Attributes:
        encoder: SA-Enc.
        decoder: SA-Dec and its target.
    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return the content of the synthetic batches: the decoder's target."""
        return {SYNTHETIC: BatchSpec(target=self.decoder.target)}

    def build(self, identities: int = 0) -> "SanPgTask":
        """Build the task with random weights; it needs no identities."""
        return SanPgTask(self)


class SanPgTask(ConfiguredTask):
    """Encoder and decoder with the mean absolute error of the drawn image as the only loss.

    Args:
        config: the settings.
    """

    encoder: Encoder

    def __init__(self, config: SanPgConfig) -> None:
        super().__init__(config)
        self.encoder = config.encoder.build()
        self.decoder = config.decoder.build(self.encoder)

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Compute the reconstruction loss of one batch."""
        decoded = self.decoder(*self.encoder.forward_maps(batch.images))
        loss = reconstruction_loss(decoded, batch)
        return Losses({MAIN: loss}, {"reconstruction": loss})

    def products(self) -> Mapping[str, Product]:
        """Return the encoder and the decoder."""
        return {**super().products(), "san_decoder": decoder_product(self.decoder)}

    def sample_images(self, batch: Batch) -> Mapping[str, Tensor]:
        """Return input, decoder output and target."""
        return decoder_samples(self.encoder, self.decoder, batch)
