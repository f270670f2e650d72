"""The features of an encoder as the losses of training want them."""

from typing import NamedTuple

from torch import Tensor

from reid_align.losses.inputs import at_least_float32
from reid_align.models import Encoder


class Features(NamedTuple):
    """The feature vectors of a batch, twice.

    Attributes:
        metric: (N, D), what distances are measured between.
        identity: (N, D), what classifiers read: the same, but behind a BN-neck where there is one.
    """

    metric: Tensor
    identity: Tensor


def read_features(encoder: Encoder, maps: tuple[Tensor, ...]) -> Features:
    """Compute both kinds of features from the encoder's maps, in float32 at least.

    Rounding to half precision after the pooling hides what little tells the images of an untrained
    network apart, and a batch norm then enlarges the rounding.

    Source: arXiv:1903.07071 section 3.5, for the BN-neck: triplet loss before it, identity loss
    after it.
    """
    # What follows the third map is pooled.
    maps = (*maps[:3], *map(at_least_float32, maps[3:]))
    features = encoder.forward_head(maps)
    has_neck = encoder.arch_args.get("head") == "bnneck"
    return Features(encoder.forward_pool(maps) if has_neck else features, features)
