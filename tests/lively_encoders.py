"""Encoders with non-trivial norms, to reveal errors in folding and export."""

import torch
from torch import Tensor, nn

from reid_align import create_model
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess


def lively(name: str, **arch_args: str | bool) -> Encoder:
    """Build an encoder for images of 64×32 pixels."""
    torch.manual_seed(0)
    return enliven(create_model(name, **arch_args))


def enliven(encoder: Encoder) -> Encoder:
    """Randomize the parameters and statistics of the norms."""
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.InstanceNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.2, 0.2)
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    encoder.preprocess = Preprocess(64, 32)
    return encoder


class TinyEncoder(Encoder):
    """Two convolutions; fast to compile."""

    architecture = "tiny"
    feature_dim = 16
    channels = (8, 8, 8, 16)

    def __init__(self) -> None:
        super().__init__()
        self.arch_args = {}
        self.conv1 = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, 2, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)

    @property
    def imagenet_model(self) -> str:
        return "tiny"

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        first = self.bn1(self.conv1(images)).relu()
        return first, first, first, self.bn2(self.conv2(first)).relu()

    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        return maps[-1].mean((2, 3))

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        return self.forward_pool(maps)


def tiny_encoder() -> Encoder:
    """Build the smallest encoder."""
    torch.manual_seed(0)
    return enliven(TinyEncoder().eval())
