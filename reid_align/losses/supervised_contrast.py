"""Supervised contrastive loss on feature vectors."""

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
    """Cross entropy of retrieving the anchor's identity among the other images of a batch.

    With z the L2-normalized features, P(a) the other images of the anchor's identity and A(a) all
    other images, the loss of an anchor is the mean over p in P(a) of
    ``-log(exp(z_a·z_p / τ) / Σ_{k in A(a)} exp(z_a·z_k / τ))``. Anchors with empty P(a) are
    ignored; if no anchor is left, the loss is 0.

    From random weights, an encoder learns several times faster than with a classifier, which first
    has to learn a vector per identity.

    Args:
        temperature: τ.
        own_camera_weight: weight, in the sum over A(a), of images of other identities from the
            anchor's camera. A value above 1 counters camera-specific similarity.

    Raises:
        InvalidInputError: the temperature or the weight is not a finite number above 0.

    Source: arXiv:2004.11362, equation 2; the camera weight is an addition of this library.
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

        In distributed training, each process passes its own images as the anchors and the gathered
        batch as the candidates. With the same number of counted anchors per process, the mean of
        the losses is the loss of the whole batch.

        Args:
            features: (N, D) floating point, of the anchors.
            person_ids: (N,) integers.
            candidates: features (M, D) and person ids (M,) of all images including the anchors;
                default: the anchors.
            first: index of the first anchor among the candidates; the others follow it.
            camera_ids: (M,) integers of all images, -1 for unknown cameras; required unless
                ``own_camera_weight`` is 1.

        Raises:
            InvalidInputError: invalid shapes or dtypes, anchors that are not among the candidates,
                or missing camera ids.
        """
        check_batch(features, person_ids, SHAPE)
        others, other_ids = candidates or (features, person_ids)
        check_batch(others, other_ids, SHAPE)
        last = first + len(features)
        if first < 0 or not torch.equal(other_ids[first:last], person_ids):
            raise InvalidInputError(
                f"{len(features)} anchors from candidate {first} of {len(others)}: the candidates "
                "must contain the anchors in the same order."
            )
        anchors, others = (normalize(at_least_float32(some)) for some in (features, others))
        own = torch.arange(len(others), device=others.device) == torch.arange(
            first, last, device=others.device
        ).unsqueeze(1)
        # Autocast would round the product to half precision and make similar images equal.
        with torch.autocast(anchors.device.type, enabled=False):
            logits = (anchors @ others.T / self.temperature).masked_fill(own, -torch.inf)
        same = (person_ids[:, None] == other_ids) & ~own
        weighted = logits
        if self.own_camera_weight != 1:
            near = self._by_own_camera(camera_ids, first, last, len(others)) & ~same
            weighted = torch.where(near, logits + math.log(self.own_camera_weight), logits)
        likelihoods = (logits - weighted.logsumexp(1, keepdim=True)).masked_fill(~same, 0.0)
        counts = same.sum(1)
        losses = -likelihoods.sum(1) / counts.clamp(min=1)
        return losses.sum() / (counts > 0).sum().clamp(min=1)

    def _by_own_camera(
        self, camera_ids: Tensor | None, first: int, last: int, count: int
    ) -> Tensor:
        """Return (N, M) bool: whether anchor and candidate are from the same camera."""
        if camera_ids is None or len(camera_ids) != count:
            given = "none" if camera_ids is None else len(camera_ids)
            raise InvalidInputError(
                f"own_camera_weight={self.own_camera_weight}, {count} images, camera ids: {given}. "
                "Pass one camera id per image."
            )
        mine = camera_ids[first:last, None]
        return (mine == camera_ids) & (mine >= 0)
