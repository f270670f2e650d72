"""Distillation: trained encoders teach a student which images are similar."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isclose

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize

from reid_align.batches.batch import Batch
from reid_align.errors import InvalidInputError
from reid_align.losses import RelationDistillation
from reid_align.models import Encoder
from reid_align.models.pretrained import load_encoder
from reid_align.preprocess import Preprocess
from reid_align.tasks.baseline_task import BaselineConfig, BaselineTask
from reid_align.tasks.loss_ranges import require_loss_ranges
from reid_align.tasks.loss_sums import weighted_sum
from reid_align.tasks.training_features import compute_training_features
from reid_align.training.task_interface import MAIN, Losses, StepContext


@dataclass(frozen=True)
class DistillationConfig(BaselineConfig):
    """Settings of distillation: those of the baseline, and the teachers.

    Attributes:
        teachers: references to the weights of the teachers, see `weights_reference`. They see the
            images of the student, resized to their size. The similarity of two images is the mean
            over the teachers.
        relation_weight: weight of `RelationDistillation`.
        temperature: of `RelationDistillation`.

    Raises:
        InvalidInputError: no teacher, a negative weight, or a temperature that is not above 0.

    Source: arXiv:2101.04731 for the loss; several teachers are ours.
    """

    teachers: tuple[str, ...] = ("san_resnet50.synthetic",)
    relation_weight: float = 1.0
    temperature: float = 0.1

    def __post_init__(self) -> None:
        require_loss_ranges(self)
        if not self.teachers:
            raise InvalidInputError("teachers: give at least one reference to trained weights.")

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of each loss by its name."""
        return {**super().weights, "relation": self.relation_weight}

    def build(self, identities: int) -> "DistillationTask":
        """Build the task with random weights."""
        return DistillationTask(self, identities)


class DistillationTask(BaselineTask):
    """A student with the losses of the baseline and the relations of its teachers.

    The teachers are loaded for the first batch. They are neither trained nor saved.

    Args:
        config: the settings.
        identities: number of training identities.
    """

    config: DistillationConfig

    def __init__(self, config: DistillationConfig, identities: int) -> None:
        super().__init__(config, identities)
        self._relation = RelationDistillation(config.temperature)
        # A tuple, because a list of modules would be registered as submodules.
        self._teachers: tuple[nn.Module, ...] = ()

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Compute the losses of one batch.

        Raises:
            WeightsError: a teacher cannot be loaded.
            InvalidInputError: a teacher has another smoothing or level stretch than the student.
        """
        maps = self.encoder.forward_maps(batch.images)
        features = compute_training_features(self.encoder, maps)
        group = context.group
        terms = self.supervision(features, batch.person_ids, batch.camera_ids, group)
        student, teacher = features.identity, self._teach(batch.images)
        candidates = group.gather(student), group.gather(teacher)
        first = group.rank * len(student)
        terms["relation"] = self._relation(student, teacher, candidates, first)
        return Losses({MAIN: weighted_sum(terms, self.config.weights)}, terms)

    @torch.no_grad()
    def _teach(self, images: Tensor) -> Tensor:
        """Return features (N, E). Their cosine similarity is the mean over the teachers."""
        if not self._teachers:
            student = self.config.preprocess
            self._teachers = tuple(
                Teacher(name, student).to(images.device) for name in self.config.teachers
            )
        return torch.cat([teacher(images) for teacher in self._teachers], dim=1)


class Teacher(nn.Module):
    """A trained encoder that reads the images of a student.

    Args:
        reference: its weights.
        student: preprocessing of the images.

    Raises:
        WeightsError: the weights cannot be loaded.
        InvalidInputError: another smoothing, in relation to the height, or level stretch than the
            student's.
    """

    def __init__(self, reference: str, student: Preprocess) -> None:
        super().__init__()
        self.encoder: Encoder = load_encoder(reference).requires_grad_(False)
        own = self.encoder.preprocess
        # The student's images are smoothed in its pixels, and then resized.
        smoothing = student.smoothing * own.height / student.height
        if not isclose(own.smoothing, smoothing) or own.stretch != student.stretch:
            raise InvalidInputError(
                f"The teacher {reference} expects images of {own.height}×{own.width} with "
                f"smoothing={own.smoothing} and stretch={own.stretch}; those of the student have "
                f"smoothing={smoothing:g} at that height, and stretch={student.stretch}. Choose a "
                "teacher with the student's preprocessing."
            )
        self.scale: Tensor
        self.shift: Tensor
        self._size = own.height, own.width
        # From the student's normalization to the teacher's: x · scale + shift.
        scale = [old / new for old, new in zip(student.std, own.std, strict=True)]
        shift = [
            (old - new) / std for old, new, std in zip(student.mean, own.mean, own.std, strict=True)
        ]
        self.register_buffer("scale", torch.tensor(scale).view(3, 1, 1), persistent=False)
        self.register_buffer("shift", torch.tensor(shift).view(3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return features (N, D) of length 1."""
        own = images * self.scale + self.shift
        if own.shape[-2:] != self._size:
            own = interpolate(own, self._size, mode="bilinear", antialias=True)
        return normalize(self.encoder(own).float())
