"""Loss that gives a student the similarities of a teacher."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import kl_div, normalize

from reid_align.checks import positive
from reid_align.errors import InvalidInputError
from reid_align.losses.loss_inputs import at_least_float32


@dataclass(frozen=True)
class RelationDistillation:
    """Divergence of a student's neighbors from a teacher's, among the images of a batch.

    For each anchor, cosine similarities to the other images divided by τ give a distribution over
    them (softmax), once with the features of the student and once with those of the teacher. The
    loss is the Kullback-Leibler divergence of the teacher's distribution from the student's, the
    mean over the anchors. The features may have different lengths. It is 0 for a batch of one.

    Args:
        temperature: τ; smaller values stress the nearest images.

    Raises:
        InvalidInputError: the temperature is not a finite number above 0.

    Source: arXiv:2101.04731 (SEED), equation 5, with the batch in place of a queue.
    """

    temperature: float = 0.1

    def __post_init__(self) -> None:
        positive("temperature", self.temperature)

    def __call__(
        self,
        student: Tensor,
        teacher: Tensor,
        candidates: tuple[Tensor, Tensor] | None = None,
        first: int = 0,
    ) -> Tensor:
        """Return the loss, a scalar.

        Args:
            student: (N, D) floating point, of the anchors.
            teacher: (N, E) floating point, of the same images; no gradient.
            candidates: features of the student (M, D) and of the teacher (M, E) of all images
                including the anchors; default: the anchors.
            first: index of the first anchor among the candidates; the others follow it.

        Raises:
            InvalidInputError: features that are not two matrices with one row per image.
        """
        others, taught = candidates or (student, teacher)
        if not (student.ndim == teacher.ndim == 2 and len(student) == len(teacher) > 0):
            raise InvalidInputError(
                f"Features of shape {tuple(student.shape)} and {tuple(teacher.shape)}: expected "
                "two matrices with one row per image, at least one."
            )
        if len(others) == 1:
            return student.sum() * 0
        wanted = self._log_shares(teacher.detach(), taught.detach(), first)
        found = self._log_shares(student, others, first)
        return kl_div(found, wanted, reduction="batchmean", log_target=True)

    def _log_shares(self, anchors: Tensor, others: Tensor, first: int) -> Tensor:
        """Return (N, M - 1), the log of each other image's share of an anchor's similarity."""
        rows, columns = (normalize(at_least_float32(some)) for some in (anchors, others))
        # Autocast would round the product to half precision and make similar images equal.
        with torch.autocast(rows.device.type, enabled=False):
            logits = rows @ columns.T / self.temperature
        kept = torch.ones_like(logits, dtype=torch.bool)
        numbers = torch.arange(len(rows), device=rows.device)
        kept[numbers, first + numbers] = False
        return logits[kept].view(len(rows), -1).log_softmax(1)
