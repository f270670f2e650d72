"""Classifiers of DSA-reID's main stream, one for each of its features, and their loss."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, cast

from torch import Tensor, nn

from reid_align.models.dsa_branches import PARTS
from reid_align.tasks.guiding_stream import LOCAL
from reid_align.tasks.loss_sums import sum_losses


class MainClassifiers(nn.ModuleDict):
    """A classifier for f_G, and one for each of f_L,1 to f_L,8; lists of them by branch.

    Args:
        branches: "global", "local" or both.
        length: D/2, length of the features of a branch together.
        build: builds a classifier for a feature length.
        reduction: "mean" or "sum" over the losses of a branch.

    Source: DSA-reID, CVPR 2019, section 4.2.
    """

    def __init__(
        self,
        branches: Sequence[str],
        length: int,
        build: Callable[[int], nn.Module],
        reduction: Literal["mean", "sum"],
    ) -> None:
        counts = {name: PARTS if name == LOCAL else 1 for name in branches}
        super().__init__(
            {
                name: nn.ModuleList(build(length // count) for _ in range(count))
                for name, count in counts.items()
            }
        )
        self.reduction = reduction

    def loss(
        self,
        features: Mapping[str, Tensor],
        person_ids: Tensor,
        identity: Callable[[Tensor, Tensor], Tensor],
    ) -> Tensor:
        """Return the sum over the branches of the identity losses of their features.

        Args:
            features: (N, D/2) of each branch.
            person_ids: (N,) int64.
            identity: the identity loss of logits and person ids.
        """
        losses = []
        for name, branch in self.items():
            classifiers = cast(nn.ModuleList, branch)
            pieces = features[name].chunk(len(classifiers), dim=1)
            pairs = zip(classifiers, pieces, strict=True)
            loss = sum_losses(
                identity(classifier(piece), person_ids) for classifier, piece in pairs
            )
            losses.append(loss / len(classifiers) if self.reduction == "mean" else loss)
        return sum_losses(losses)
