"""SAN-PG: the texture generator that SAN starts from, trained on synthetic pairs alone.

Source: SAN, arXiv:1905.13143, section 3.2, step 1, and section 4.3 for other targets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.models import Encoder
from reid_align.tasks.decoding import (
    DecoderConfig,
    decoded_images,
    decoder_product,
    reconstruction,
)
from reid_align.tasks.task_config import SYNTHETIC, EncoderConfig, EncoderTaskConfig
from reid_align.training.task import MAIN, Losses, Product, StepContext, Task


@dataclass(frozen=True)
class SanPgConfig(EncoderTaskConfig):
    """What the generator draws.

    Attributes:
        encoder: SA-Enc.
        decoder: SA-Dec, and what it draws.
    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return what the synthetic batches must hold: the decoder's target."""
        return {SYNTHETIC: BatchSpec(target=self.decoder.target)}

    def build(self, identities: int = 0) -> "SanPgTask":
        """Build the task with random weights; it needs no identities."""
        return SanPgTask(self)


class SanPgTask(Task):
    """Encoder and decoder with one loss, the mean absolute error of the image.

    Args:
        config: what is drawn.
    """

    encoder: Encoder

    def __init__(self, config: SanPgConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = config.encoder.build()
        self.decoder = config.decoder.build(self.encoder)

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return what the synthetic batches must hold."""
        return self.config.batch_specs()

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Compute the reconstruction loss of one batch."""
        decoded = self.decoder(*self.encoder.forward_maps(batch.images))
        loss = reconstruction(decoded, batch)
        return Losses({MAIN: loss}, {"reconstruction": loss})

    def products(self) -> Mapping[str, Product]:
        """Return the encoder and the decoder."""
        return {**super().products(), "san_decoder": decoder_product(self.decoder)}

    def sample_images(self, batch: Batch) -> Mapping[str, Tensor]:
        """Return what the decoder draws, beside what it should draw."""
        return decoded_images(self.encoder, self.decoder, batch)
