"""The supervised contrastive loss on feature vectors."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from reid_align.checks import positive
from reid_align.errors import InvalidInputError
from reid_align.losses.loss_inputs import at_least_float32, check_batch

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
        own_camera_weight: how often images of other persons count in the sum over A(a) that the
            anchor's own camera took. What a camera leaves in all its images makes them near to
            each other; more than 1 teaches more of that away than chance puts into a batch.

    Raises:
        InvalidInputError: a temperature or weight that is not a finite number above 0.

    Source: arXiv:2004.11362, equation 2; the weight is ours.
    """

    temperature: float = 0.1
    own_camera_weight: float = 1.0

    def __post_init__(self) -> None:
        positive("temperature", self.temperature)
        positive("own_camera_weight", self.own_camera_weight)

    def __call__(
        self,
        features: Tensor,
        person_ids: Tensor,
        candidates: tuple[Tensor, Tensor] | None = None,
        first: int = 0,
        camera_ids: Tensor | None = None,
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
            camera_ids: (M,) integers of all images, -1 where the camera is not known; only needed
                where the own camera has a weight.

        Raises:
            InvalidInputError: other shapes or types, anchors that are not among the candidates, or
                no cameras where they count.
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
        crowd = logits
        if self.own_camera_weight != 1:
            near = self._by_own_camera(camera_ids, first, last, len(others)) & ~same
            crowd = torch.where(near, logits + math.log(self.own_camera_weight), logits)
        likelihoods = (logits - crowd.logsumexp(1, keepdim=True)).masked_fill(~same, 0.0)
        counts = same.sum(1)
        losses = -likelihoods.sum(1) / counts.clamp(min=1)
        return losses.sum() / (counts > 0).sum().clamp(min=1)

    def _by_own_camera(
        self, camera_ids: Tensor | None, first: int, last: int, count: int
    ) -> Tensor:
        """Return (N, M) bool: whether the anchor's camera took the candidate."""
        if camera_ids is None or len(camera_ids) != count:
            given = "none" if camera_ids is None else len(camera_ids)
            raise InvalidInputError(
                f"own_camera_weight={self.own_camera_weight}, {count} images and {given} camera "
                "ids: give the camera of each image."
            )
        mine = camera_ids[first:last, None]
        return (mine == camera_ids) & (mine >= 0)
