"""Layers after the pooling: none, an embedding as in SAN's official code, or a batch norm."""

from typing import Literal

from torch import Tensor, nn

from reid_align.errors import UnknownNameError

EncoderHead = Literal["gap", "fc512", "bnneck"]
EMBEDDING_DIM = 512


class Embedding(nn.Module):
    """Linear layer and batch norm, followed by a ReLU in the official SAN checkpoints."""

    def __init__(self, in_features: int, out_features: int, relu: bool = True) -> None:
        super().__init__()
        self.fc = nn.Linear(in_features, out_features)
        self.bn = nn.BatchNorm1d(out_features)
        self.relu = relu

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, in_features) to (N, out_features); with the ReLU, they are non-negative."""
        embedded: Tensor = self.bn(self.fc(features))
        return embedded.relu() if self.relu else embedded


def make_head(head: str, allowed: tuple[str, ...], channels: int) -> nn.Module:
    """Return the head for pooled features of length ``channels``.

    Raises:
        UnknownNameError: ``head`` is not in ``allowed``.
    """
    if head not in allowed:
        raise UnknownNameError("head", head, allowed)
    if head in ("fc512", "fc512_linear"):
        return Embedding(channels, EMBEDDING_DIM, relu=head == "fc512")
    return nn.BatchNorm1d(channels) if head == "bnneck" else nn.Identity()
