"""What tells people apart: an identity, a triplet and, if asked for, a contrastive loss."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from reid_align.errors import InvalidInputError
from reid_align.heads import IdentityClassifier, TwoLayerClassifier
from reid_align.losses import BatchHardTriplet, SupervisedContrast, identity_loss
from reid_align.tasks.loss_settings import require_amounts, require_choices
from reid_align.tasks.loss_sums import counted
from reid_align.tasks.training_features import Features
from reid_align.training.group import ProcessGroup


@dataclass(frozen=True)
class SupervisionConfig:
    """The losses of one feature.

    Attributes:
        identity_weight: λ1, of the identity loss.
        triplet_weight: λ2, of the triplet loss.
        label_smoothing: ε of the identity loss.
        margin: of the triplet loss.
        classifier: "linear", one layer as in SAN; "two_layer", as in DSA-reID.
        contrast_weight: of the supervised contrastive loss, which neither paper has; 0 leaves it
            out.
        temperature: of that loss.
        own_camera_weight: of other persons' images by the own camera in that loss; not 0.

    Raises:
        InvalidInputError: a weight, margin, ε or temperature that a loss cannot have, or no weight.
        UnknownNameError: another classifier.

    Source: SAN (arXiv:1905.13143) section 3.2 for the weights; its official code for ε and margin.
    """

    identity_weight: float = 0.5
    triplet_weight: float = 1.5
    label_smoothing: float = 0.1
    margin: float = 0.3
    classifier: Literal["linear", "two_layer"] = "linear"
    contrast_weight: float = 0.0
    temperature: float = 0.1
    own_camera_weight: float = 1.0

    def __post_init__(self) -> None:
        require_choices(self)
        require_amounts(self)
        if not self.weights:
            raise InvalidInputError(
                "identity_weight, triplet_weight and contrast_weight are all 0: give one of them "
                "more, as nothing is learned otherwise."
            )

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of each loss by its name; one without a weight is not computed."""
        weights = {
            "identity": self.identity_weight,
            "triplet": self.triplet_weight,
            "contrast": self.contrast_weight,
        }
        return {name: weight for name, weight in weights.items() if weight}


class Supervision(nn.Module):
    """The losses, and the classifier that one of them needs.

    Args:
        config: the losses.
        feature_dim: D.
        identities: how many persons there are.
    """

    def __init__(self, config: SupervisionConfig, feature_dim: int, identities: int) -> None:
        super().__init__()
        self._weights = config.weights
        kind = IdentityClassifier if config.classifier == "linear" else TwoLayerClassifier
        self.classifier: nn.Module = kind(feature_dim, identities)
        self._identity = identity_loss(config.label_smoothing)
        self._triplet = BatchHardTriplet(config.margin)
        self._contrast = SupervisedContrast(config.temperature, config.own_camera_weight)

    def forward(
        self, features: Features, person_ids: Tensor, camera_ids: Tensor, group: ProcessGroup
    ) -> dict[str, Tensor]:
        """Return those of "identity", "triplet" and "contrast" that count, not yet weighted."""
        losses = {
            "identity": lambda: self._identity(self.classifier(features.identity), person_ids),
            "triplet": lambda: gathered_triplet(self._triplet, features.metric, person_ids, group),
            "contrast": lambda: gathered_contrast(
                self._contrast, features.identity, person_ids, camera_ids, group
            ),
        }
        return counted(losses, self._weights)


def gathered_triplet(
    triplet: BatchHardTriplet, features: Tensor, person_ids: Tensor, group: ProcessGroup
) -> Tensor:
    """Return the loss of this process's images, among the images of all processes."""
    return triplet(features, person_ids, (group.gather(features), group.gather(person_ids)))


def gathered_contrast(
    contrast: SupervisedContrast,
    features: Tensor,
    person_ids: Tensor,
    camera_ids: Tensor,
    group: ProcessGroup,
) -> Tensor:
    """Return the loss of this process's images, among the images of all processes."""
    everybody = group.gather(features), group.gather(person_ids)
    first = group.rank * len(features)
    return contrast(features, person_ids, everybody, first, group.gather(camera_ids))
