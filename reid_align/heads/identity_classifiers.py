"""Identity classifiers: feature vectors to one logit per training identity."""

from torch import nn


class IdentityClassifier(nn.Linear):
    """One linear layer: (N, feature_dim) to logits (N, identities).

    Args:
        feature_dim: length of a feature vector.
        identities: number of identities in the training set.
        std: standard deviation of the initial weights; a small value gives nearly equal initial
            logits. Biases are 0.

    Source: SAN (arXiv:1905.13143) section 3.2, an FC on the pooled feature. The paper gives no
    ``std``; 0.001 is common for this layer, the authors' code uses 0.01.
    """

    def __init__(self, feature_dim: int, identities: int, std: float = 0.001) -> None:
        super().__init__(feature_dim, identities)
        _draw(self, std)


class TwoLayerClassifier(nn.Sequential):
    """Linear, batch norm, ReLU, linear: (N, feature_dim) to logits (N, identities).

    Args:
        feature_dim: length of a feature vector.
        identities: number of identities in the training set.
        hidden_dim: width between the two linear layers.
        std: standard deviation of both layers' initial weights; biases are 0.

    Source: DSA-reID (CVPR 2019) section 3.2.4 specifies two FC layers only; width, batch norm, ReLU
    and ``std`` are from the official code of SAN, by the same group.
    """

    def __init__(
        self, feature_dim: int, identities: int, hidden_dim: int = 512, std: float = 0.01
    ) -> None:
        super().__init__()
        self.fc1 = nn.Linear(feature_dim, hidden_dim)
        self.bn = nn.BatchNorm1d(hidden_dim)
        self.relu = nn.ReLU(inplace=True)
        self.fc2 = nn.Linear(hidden_dim, identities)
        _draw(self.fc1, std)
        _draw(self.fc2, std)


def _draw(layer: nn.Linear, std: float) -> None:
    nn.init.normal_(layer.weight, std=std)
    nn.init.zeros_(layer.bias)
