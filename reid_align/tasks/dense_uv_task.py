"""The dense UV estimator, trained on synthetic images with known dense pose maps (IUV).

Source: arXiv:1802.00434, section 3.1: a classification of every pixel by part, and for pixels of
the body a regression of the coordinates on that part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.errors import InvalidInputError
from reid_align.models import Encoder
from reid_align.models.dense_uv_network import TRUNK, DenseMaps, DenseUv
from reid_align.models.model_factory import smoke_test_architecture
from reid_align.preprocess import Preprocess
from reid_align.tasks.loss_ranges import require_loss_ranges
from reid_align.tasks.loss_sums import weighted_sum
from reid_align.tasks.task_config import (
    SMOKE_HEIGHT,
    SMOKE_WIDTH,
    SYNTHETIC,
    ConfiguredTask,
    TaskConfig,
)
from reid_align.training.distributed import ProcessGroup
from reid_align.training.task_interface import MAIN, Losses, Product, StepContext
from reid_align.uv import BACKGROUND, IUV, NUM_PARTS, UV_MAX


@dataclass(frozen=True)
class DenseUvConfig(TaskConfig):
    """Settings of the estimator and of its losses.

    Attributes:
        trunk: architecture of its trunk, an encoder of SAN.
        frozen_map: do not train the trunk's layers up to map e1, e2 or e3; 0 trains all layers.
        height: of the images in pixels.
        width: of the images in pixels.
        parts_weight: of the cross entropy over the parts, background included.
        coordinates_weight: of the smooth L1 losses of u and of v, together.
        transition: β of the smooth L1 loss, where it turns from a parabola to a line, in chart
            units.

    Raises:
        InvalidInputError: a weight or a transition that is negative or not finite.
    """

    trunk: str = TRUNK
    frozen_map: int = 0
    height: int = 256
    width: int = 128
    parts_weight: float = 1.0
    coordinates_weight: float = 10.0
    transition: float = 0.05

    def __post_init__(self) -> None:
        require_loss_ranges(self)

    @property
    def preprocess(self) -> Preprocess:
        """Size and normalization of the images."""
        return Preprocess(self.height, self.width)

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return the content of the synthetic batches: the dense pose maps."""
        return {SYNTHETIC: BatchSpec(iuv=True)}

    def build(self, identities: int = 0) -> "DenseUvTask":
        """Build the task with random weights; it needs no identities."""
        return DenseUvTask(self)

    def smoke_test(self) -> "DenseUvConfig":
        """Return the same task with a small trunk and images of 64×32 pixels."""
        return replace(
            self, trunk=smoke_test_architecture(self.trunk), height=SMOKE_HEIGHT, width=SMOKE_WIDTH
        )


class DenseUvTask(ConfiguredTask):
    """The estimator with a cross entropy for parts and smooth L1 losses for coordinates.

    Args:
        config: the settings.
    """

    config: DenseUvConfig

    def __init__(self, config: DenseUvConfig) -> None:
        super().__init__(config)
        self.estimator = DenseUv(config.trunk)
        self.estimator.trunk.freeze(config.frozen_map)
        self.estimator.preprocess = config.preprocess

    @property
    def trunk(self) -> Encoder:
        """The encoder below the estimator's decoder."""
        return self.estimator.trunk

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Compute the losses of one batch."""
        truth = _true_maps(batch)
        maps = self.estimator(batch.images)
        u, v = self._coordinate_losses(maps, truth, context.group)
        terms = {"parts": F.cross_entropy(maps.parts.float(), truth.parts.long()), "u": u, "v": v}
        weights = {"parts": self.config.parts_weight} | dict.fromkeys(
            "uv", self.config.coordinates_weight
        )
        return Losses({MAIN: weighted_sum(terms, weights)}, terms)

    def products(self) -> Mapping[str, Product]:
        """Return the estimator."""
        estimator = self.estimator
        return {
            "dense_uv": Product(
                estimator, estimator.architecture, estimator.arch_args, estimator.preprocess
            )
        }

    def sample_images(self, batch: Batch) -> Mapping[str, Tensor]:
        """Return estimated and true maps as images: part, u and v as red, green and blue."""
        maps = {"estimate": self.estimator.predict(batch.images), "truth": _true_maps(batch)}
        return {name: _iuv_as_image(iuv) for name, iuv in maps.items()}

    def _coordinate_losses(
        self, maps: DenseMaps, truth: IUV, group: ProcessGroup
    ) -> tuple[Tensor, Tensor]:
        """Return the mean losses of u and v over the body pixels of all processes."""
        body = truth.parts != BACKGROUND
        pixels = group.gather(body.sum().float().view(1)).mean().clamp(min=1)
        targets = (truth.u.float() / UV_MAX, truth.v.float() / UV_MAX)
        losses = (
            (F.smooth_l1_loss(x.float(), y, reduction="none", beta=self.config.transition) * body)
            for x, y in zip(maps.on(truth.parts), targets, strict=True)
        )
        u, v = (loss.sum() / pixels for loss in losses)
        return u, v


def _true_maps(batch: Batch) -> IUV:
    if batch.iuv is None:
        raise InvalidInputError(
            "The batch has no dense pose maps. Request them with BatchSpec(iuv=True)."
        )
    return IUV(batch.iuv)


def _iuv_as_image(iuv: IUV) -> Tensor:
    scale = torch.tensor([NUM_PARTS, UV_MAX, UV_MAX], device=iuv.planes.device)
    return iuv.planes / scale.view(3, 1, 1)
