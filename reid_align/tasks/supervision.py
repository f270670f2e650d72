"""What tells people apart: an identity loss and a batch-hard triplet loss of one feature."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from reid_align.heads import IdentityClassifier, TwoLayerClassifier
from reid_align.losses import BatchHardTriplet, identity_loss
from reid_align.tasks.choices import require_amounts, require_choices
from reid_align.tasks.features import Features
from reid_align.training.group import ProcessGroup


@dataclass(frozen=True)
class SupervisionConfig:
    """The two losses of one feature.

    Attributes:
        identity_weight: λ1, of the identity loss.
        triplet_weight: λ2, of the triplet loss.
        label_smoothing: ε of the identity loss.
        margin: of the triplet loss.
        classifier: "linear", one layer as in SAN; "two_layer", as in DSA-reID.

    Raises:
        InvalidInputError: a weight, margin or ε that a loss cannot have.
        UnknownNameError: another classifier.

    Source: SAN (arXiv:1905.13143) section 3.2 for the weights; its official code for ε and margin.
    """

    identity_weight: float = 0.5
    triplet_weight: float = 1.5
    label_smoothing: float = 0.1
    margin: float = 0.3
    classifier: Literal["linear", "two_layer"] = "linear"

    def __post_init__(self) -> None:
        require_choices(self)
        require_amounts(self)

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of each loss by its name."""
        return {"identity": self.identity_weight, "triplet": self.triplet_weight}


class Supervision(nn.Module):
    """Both losses, and the classifier that one of them needs.

    Args:
        config: the losses.
        feature_dim: D.
        identities: how many persons there are.
    """

    def __init__(self, config: SupervisionConfig, feature_dim: int, identities: int) -> None:
        super().__init__()
        kind = IdentityClassifier if config.classifier == "linear" else TwoLayerClassifier
        self.classifier: nn.Module = kind(feature_dim, identities)
        self._identity = identity_loss(config.label_smoothing)
        self._triplet = BatchHardTriplet(config.margin)

    def forward(
        self, features: Features, person_ids: Tensor, group: ProcessGroup
    ) -> dict[str, Tensor]:
        """Return both losses as "identity" and "triplet", before they are weighted."""
        return {
            "identity": self._identity(self.classifier(features.identity), person_ids),
            "triplet": gathered_triplet(self._triplet, features.metric, person_ids, group),
        }


def gathered_triplet(
    triplet: BatchHardTriplet, features: Tensor, person_ids: Tensor, group: ProcessGroup
) -> Tensor:
    """Return the loss of this process's images, among the images of all processes."""
    return triplet(features, person_ids, (group.gather(features), group.gather(person_ids)))
