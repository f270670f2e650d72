"""Fusion of features of the main stream and the guiding stream, in training.

Source: DSA-reID (CVPR 2019) section 3.2.3 (addition) and its ablation (concatenation and FC).
"""

import torch
from torch import Tensor, nn

from reid_align.errors import InvalidInputError


class AddFusion(nn.Module):
    """Element-wise sum of two features of the same shape; it has no parameters."""

    def forward(self, features: Tensor, guide: Tensor) -> Tensor:
        """Return ``features + guide``, (N, D).

        Raises:
            InvalidInputError: the shapes differ; there is no broadcasting.
        """
        if features.shape != guide.shape:
            raise InvalidInputError(
                f"Features {tuple(features.shape)} and guide {tuple(guide.shape)}: "
                "expected the same shape (N, D), with one row per image."
            )
        return features + guide


class ConcatFusion(nn.Module):
    """One linear layer on the concatenated features: 2·feature_dim to feature_dim.

    Args:
        feature_dim: length D of each feature.
    """

    def __init__(self, feature_dim: int = 2048) -> None:
        super().__init__()
        self.fc = nn.Linear(2 * feature_dim, feature_dim)

    def forward(self, features: Tensor, guide: Tensor) -> Tensor:
        """Map two (N, D) to one (N, D)."""
        fused: Tensor = self.fc(torch.cat((features, guide), dim=1))
        return fused
