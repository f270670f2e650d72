"""The supervised contrastive loss on feature vectors."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from reid_align.checks import positive
from reid_align.errors import InvalidInputError
from reid_align.losses.inputs import at_least_float32, check_batch

SHAPE = "(N, D)"


@dataclass(frozen=True)
class SupervisedContrast:
    """Cross entropy of finding an anchor's own person among the other images of a batch.

    With z the features at length 1, P(a) the other images of the anchor's person and A(a) all other
    images, the loss of an anchor is the mean over p in P(a) of
    ``-log(exp(z_a·z_p / τ) / Σ_{k in A(a)} exp(z_a·z_k / τ))``. Anchors without another image of
    their person do not count; where no anchor counts, the loss is 0.

    Every pair of a batch teaches, where a classifier first has to learn a vector for each person:
    from random weights an encoder learns several times faster with it.

    Args:
        temperature: τ.

    Raises:
        InvalidInputError: a temperature that is not a finite number above 0.

    Source: arXiv:2004.11362, equation 2.
    """

    temperature: float = 0.1

    def __post_init__(self) -> None:
        positive("temperature", self.temperature)

    def __call__(
        self,
        features: Tensor,
        person_ids: Tensor,
        candidates: tuple[Tensor, Tensor] | None = None,
        first: int = 0,
    ) -> Tensor:
        """Return the loss, a scalar.

        When a batch is spread over processes, let each give its own images as the anchors and the
        gathered batch as the candidates: with equally many anchors everywhere that count, the mean
        of the losses is the loss of the whole batch.

        Args:
            features: (N, D) of the anchors, floating point.
            person_ids: (N,) integers.
            candidates: features (M, D) and person ids (M,) of all images, the anchors among them;
                the anchors themselves where left out.
            first: where among the candidates the first anchor is; the others follow it.

        Raises:
            InvalidInputError: other shapes or types, or anchors that are not among the candidates.
        """
        check_batch(features, person_ids, SHAPE)
        others, other_ids = candidates or (features, person_ids)
        check_batch(others, other_ids, SHAPE)
        last = first + len(features)
        if first < 0 or not torch.equal(other_ids[first:last], person_ids):
            raise InvalidInputError(
                f"{len(features)} anchors from candidate {first} on, and {len(others)} candidates: "
                "the anchors must be among the candidates, in their order."
            )
        anchors, others = (normalize(at_least_float32(some)) for some in (features, others))
        own = torch.arange(len(others), device=others.device) == torch.arange(
            first, last, device=others.device
        ).unsqueeze(1)
        # Autocasting rounds the product to half precision, and nearly equal images to equal ones.
        with torch.autocast(anchors.device.type, enabled=False):
            logits = (anchors @ others.T / self.temperature).masked_fill(own, -torch.inf)
        same = (person_ids[:, None] == other_ids) & ~own
        likelihoods = logits.log_softmax(1).masked_fill(~same, 0.0)
        counts = same.sum(1)
        losses = -likelihoods.sum(1) / counts.clamp(min=1)
        return losses.sum() / (counts > 0).sum().clamp(min=1)
