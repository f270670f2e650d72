"""Non-local block with one inner channel, as in fast-reid.

Source: arXiv:1711.07971, the dot-product form of equation 4.
"""

from torch import Tensor, nn


class NonLocalBlock(nn.Module):
    """Adds to each position a weighted mean over all positions.

    The paper has half as many inner channels as input channels; fast-reid has one. It initially
    computes the identity.

    Args:
        channels: channels of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, 1, 1)
        self.key = nn.Conv2d(channels, 1, 1)
        self.value = nn.Conv2d(channels, 1, 1)
        norm = nn.BatchNorm2d(channels)
        self.out = nn.Sequential(nn.Conv2d(1, channels, 1), norm)
        nn.init.zeros_(norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, h, w) to the same shape."""
        query, key, value = (layer(x).flatten(1) for layer in (self.query, self.key, self.value))
        # With one channel, the matrix of all pairs factors: O(h·w) instead of O((h·w)²).
        mean = query * (key * value).mean(1, keepdim=True)
        inner = mean.unflatten(1, (1, *x.shape[2:]))
        return x + self.out(inner)  # type: ignore[no-any-return]
