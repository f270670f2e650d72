"""Identity, triplet and contrastive losses of a feature, shared by all tasks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from reid_align.errors import InvalidInputError
from reid_align.heads import IdentityClassifier, TwoLayerClassifier
from reid_align.losses import BatchHardTriplet, SupervisedContrast, identity_loss
from reid_align.tasks.loss_ranges import require_loss_ranges
from reid_align.tasks.loss_sums import compute_weighted_terms
from reid_align.tasks.training_features import TrainingFeatures
from reid_align.training.distributed import ProcessGroup
from reid_align.typed_reading import require_choices

HIDDEN_DIM = 512


@dataclass(frozen=True)
class SupervisionConfig:
    """Settings of the losses of one feature.

    Attributes:
        identity_weight: λ1, of the identity loss.
        triplet_weight: λ2, of the triplet loss.
        label_smoothing: ε of the identity loss.
        margin: of the triplet loss.
        classifier: "linear", one layer as in SAN; "two_layer", as in DSA-reID.
        contrast_weight: of the supervised contrastive loss, which neither paper has.
        temperature: of the contrastive loss.
        own_camera_weight: of images of other identities from the same camera in the contrastive
            loss; above 0.

    Raises:
        InvalidInputError: a weight, margin, ε or temperature outside its range, or no loss with a
            weight.
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
        require_loss_ranges(self)
        if not self.weights:
            raise InvalidInputError(
                "identity_weight, triplet_weight and contrast_weight are all 0, and nothing would "
                "be learned. Set at least one of them above 0."
            )

    @property
    def weights(self) -> Mapping[str, float]:
        """The weights other than 0, by the name of the loss."""
        weights = {
            "identity": self.identity_weight,
            "triplet": self.triplet_weight,
            "contrast": self.contrast_weight,
        }
        return {name: weight for name, weight in weights.items() if weight}

    def build_classifier(
        self, feature_dim: int, identities: int, hidden_dim: int = HIDDEN_DIM
    ) -> nn.Module:
        """Build the classifier of the identity loss; only "two_layer" has a hidden layer."""
        if self.classifier == "linear":
            return IdentityClassifier(feature_dim, identities)
        return TwoLayerClassifier(feature_dim, identities, hidden_dim)


class ReidLosses:
    """The three losses of `SupervisionConfig`, not weighted.

    With several processes, triplet and contrastive losses of this process's images compare them
    with the images of all processes.

    Args:
        config: the settings.
    """

    def __init__(self, config: SupervisionConfig) -> None:
        self.identity = identity_loss(config.label_smoothing)
        self._triplet = BatchHardTriplet(config.margin)
        self._contrast = SupervisedContrast(config.temperature, config.own_camera_weight)

    def triplet(self, features: Tensor, person_ids: Tensor, group: ProcessGroup) -> Tensor:
        """Return the batch-hard triplet loss of features (N, D)."""
        return gathered_triplet(self._triplet, features, person_ids, group)

    def contrast(
        self, features: Tensor, person_ids: Tensor, camera_ids: Tensor, group: ProcessGroup
    ) -> Tensor:
        """Return the supervised contrastive loss of features (N, D)."""
        return gathered_contrast(self._contrast, features, person_ids, camera_ids, group)


class Supervision(nn.Module):
    """The losses of one feature and the classifier of the identity loss.

    Args:
        config: the settings.
        feature_dim: D.
        identities: number of training identities.
    """

    def __init__(self, config: SupervisionConfig, feature_dim: int, identities: int) -> None:
        super().__init__()
        self._weights = config.weights
        self.classifier = config.build_classifier(feature_dim, identities)
        self._losses = ReidLosses(config)

    def forward(
        self,
        features: TrainingFeatures,
        person_ids: Tensor,
        camera_ids: Tensor,
        group: ProcessGroup,
    ) -> dict[str, Tensor]:
        """Return "identity", "triplet" and "contrast", those with a weight, not yet weighted."""
        losses = {
            "identity": lambda: self._losses.identity(
                self.classifier(features.identity), person_ids
            ),
            "triplet": lambda: self._losses.triplet(features.metric, person_ids, group),
            "contrast": lambda: self._losses.contrast(
                features.identity, person_ids, camera_ids, group
            ),
        }
        return compute_weighted_terms(losses, self._weights)


def gathered_triplet(
    triplet: BatchHardTriplet, features: Tensor, person_ids: Tensor, group: ProcessGroup
) -> Tensor:
    """Return the loss of this process's images among the images of all processes."""
    return triplet(features, person_ids, (group.gather(features), group.gather(person_ids)))


def gathered_contrast(
    contrast: SupervisedContrast,
    features: Tensor,
    person_ids: Tensor,
    camera_ids: Tensor,
    group: ProcessGroup,
) -> Tensor:
    """Return the loss of this process's images among the images of all processes."""
    gathered = group.gather(features), group.gather(person_ids)
    first = group.rank * len(features)
    return contrast(features, person_ids, gathered, first, group.gather(camera_ids))
