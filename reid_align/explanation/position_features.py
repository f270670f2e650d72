"""Features of the positions of the last feature map, whose mean is the feature vector."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reid_align.errors import InvalidInputError
from reid_align.models.embedding_head import Embedding
from reid_align.models.encoder import Encoder
from reid_align.models.pooling import AveragePool, GemPool

# Maps after e1 to e3 are pooled: e4, or the global and the local map of DSA-reID.
_FIRST_POOLED = 3
# Largest difference between the mean of the positions and the features, relative to their length.
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class PositionFeatures:
    """Feature vectors of a batch of images, split by position.

    Attributes:
        values: (N, h, w, D); the mean over h and w is ``features``.
        features: (N, D), the output of the encoder, not L2-normalized.
    """

    values: Tensor
    features: Tensor


def position_features(encoder: Encoder, images: Tensor) -> PositionFeatures:
    """Split the feature vectors of images into exact shares of the positions.

    Average pooling is a mean over positions, so the share of a position is its column of the map.
    GeM is a mean after rescaling: for a pooled channel f and its values x,
    ``mean(f · (x / f)^p) = f``. A batch norm and a linear layer are affine and apply to each
    position. The ReLU of the fc512 head and the L2 norm of DSA-reID's halves scale all positions
    by the same factor per channel.

    Args:
        encoder: in evaluation mode.
        images: (N, 3, H, W) floating point, normalized with ``encoder.preprocess``.

    Raises:
        InvalidInputError: the encoder has no feature maps, or another pooling or head, so the
            shares do not add up to its features.
    """
    maps = encoder.forward_maps(images)
    features = encoder.forward_head(maps)
    pooled = maps[_FIRST_POOLED:]
    if not pooled or any(one.ndim != 4 or one.shape[2:] != pooled[0].shape[2:] for one in pooled):
        shapes = ", ".join(str(tuple(one.shape)) for one in pooled) or "none"
        raise _unsupported(encoder, f"the shapes of its last maps are {shapes}")
    pool, head = getattr(encoder, "pool", None), getattr(encoder, "embed", None)
    shares = torch.cat([_pooling_shares(one, pool, encoder) for one in pooled], dim=-1)
    values = _through_head(shares, head, encoder)
    if getattr(encoder, "norm_parts", False):
        values = _scale_halves(values, len(pooled))
    error = (values.mean((1, 2)) - features).norm(dim=1)
    if not bool((error <= _TOLERANCE * features.norm(dim=1).clamp(min=1e-6)).all()):
        raise _unsupported(encoder, "the mean over its positions is not its feature vector")
    return PositionFeatures(values, features)


def _pooling_shares(values: Tensor, pool: object, encoder: Encoder) -> Tensor:
    """Map (N, C, h, w) to (N, h, w, C) with the pooled values as the mean over h and w."""
    if isinstance(pool, GemPool):
        values = values.float().clamp(min=pool.eps)
        mean = pool(values)[..., None, None]
        # f · (x / f)^p: x^p alone leaves the range of float32.
        values = mean * (values / mean).pow(pool.p)
    elif not isinstance(pool, AveragePool):
        raise _unsupported(encoder, f"its pooling is {type(pool).__name__}")
    return values.permute(0, 2, 3, 1)


def _through_head(shares: Tensor, head: object, encoder: Encoder) -> Tensor:
    """Apply the head to each position: (N, h, w, C) to (N, h, w, D)."""
    if isinstance(head, nn.Identity):
        return shares
    flat = shares.reshape(-1, shares.shape[-1])
    values: Tensor
    if isinstance(head, nn.BatchNorm1d):
        values = head(flat).view(shares.shape)
        return values
    if isinstance(head, Embedding):
        values = head.bn(head.fc(flat)).view(*shares.shape[:-1], -1)
        if head.relu:
            values = values * (values.mean((1, 2), keepdim=True) > 0)
        return values
    raise _unsupported(encoder, f"its head is {type(head).__name__}")


def _scale_halves(values: Tensor, branches: int) -> Tensor:
    """Divide each branch by the length of its mean vector."""
    halves = values.unflatten(-1, (branches, -1))
    lengths = halves.mean((1, 2), keepdim=True).norm(dim=-1, keepdim=True)
    scaled: Tensor = halves / lengths.clamp(min=1e-12)
    return scaled.flatten(-2)


def _unsupported(encoder: Encoder, reason: str) -> InvalidInputError:
    return InvalidInputError(
        f"The features of {type(encoder).__name__} cannot be split by position: {reason}. "
        "Supported are encoders with a feature map, average or GeM pooling, and the head gap, "
        "bnneck, fc512 or fc512_linear. The method 'occlusion' works with every encoder."
    )
