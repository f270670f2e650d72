"""Features of an encoder for the losses of training."""

from typing import NamedTuple

from torch import Tensor

from reid_align.losses.loss_inputs import at_least_float32
from reid_align.models import Encoder


class TrainingFeatures(NamedTuple):
    """Feature vectors of a batch before and after the BN-neck.

    Attributes:
        metric: (N, D), for distances.
        identity: (N, D), for classifiers; equal to ``metric`` for an encoder without a BN-neck.
    """

    metric: Tensor
    identity: Tensor


def compute_training_features(encoder: Encoder, maps: tuple[Tensor, ...]) -> TrainingFeatures:
    """Compute both kinds of features from the encoder's maps, in float32 at least.

    Half precision after the pooling rounds away the small differences between the features of an
    untrained network, and a batch norm then amplifies the rounding error.

    Source: arXiv:1903.07071 section 3.5, for the BN-neck: triplet loss before it, identity loss
    after it.
    """
    # The head pools the maps from the fourth on.
    maps = (*maps[:3], *map(at_least_float32, maps[3:]))
    features = encoder.forward_head(maps)
    has_neck = encoder.arch_args.get("head") == "bnneck"
    return TrainingFeatures(encoder.forward_pool(maps) if has_neck else features, features)
