"""SAN's encoder on DenseNet-121, with torchvision's key names.

The stage maps are taken after the convolution of each transition, before its pooling. There they
have the sizes and doubling widths of ResNet maps, so the same decoders fit.

Source: arXiv:1608.06993; SAN (arXiv:1905.13143) section 4.3 uses it as a texture generator.
"""

from collections import OrderedDict
from typing import get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reid_align.models.embedding_head import EMBEDDING_DIM, EncoderHead, make_head
from reid_align.models.encoder import Encoder
from reid_align.models.model_factory import MODELS
from reid_align.models.pooling import Pool, make_pool

GROWTH, BOTTLENECK, STEM = 32, 128, 64
BLOCKS = (6, 12, 24, 16)


class DenseLayer(nn.Module):
    """Batch norm, ReLU and convolution, 1×1 then 3×3, concatenated with the input."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, BOTTLENECK, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK)
        self.conv2 = nn.Conv2d(BOTTLENECK, GROWTH, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C + 32, h, w)."""
        new = self.conv1(F.relu(self.norm1(x)))
        new = self.conv2(F.relu(self.norm2(new)))
        return torch.cat((x, new), dim=1)


@MODELS.register("san_densenet121")
class DenseNetEncoder(Encoder):
    """DenseNet-121 without the last stride, global pooling and a head.

    For images of 256×128 pixels, the four maps are 128×64×32, 256×32×16, 512×16×8 and 1024×16×8
    (C×h×w).

    Args:
        head: "gap", "fc512" or "bnneck", see `SanEncoder`.
        pool: "avg" or "gem".

    Raises:
        UnknownNameError: an unknown value.

    Parameters: 6,953,856 with "gap".
    """

    def __init__(self, head: EncoderHead = "gap", pool: Pool = "avg") -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict(
            conv0=nn.Conv2d(3, STEM, 7, 2, 3, bias=False), norm0=nn.BatchNorm2d(STEM)
        )
        channels, widths = STEM, []
        for number, count in enumerate(BLOCKS, start=1):
            layers[f"denseblock{number}"] = _dense_block(channels, count)
            channels += count * GROWTH
            if number < len(BLOCKS):
                layers[f"transition{number}"] = _transition(channels)
                channels //= 2
            widths.append(channels)
        layers["norm5"] = nn.BatchNorm2d(channels)
        self.features = nn.ModuleDict(layers)
        self.channels = tuple(widths)
        self.pool = make_pool(pool)
        self.embed = make_head(head, get_args(EncoderHead), channels)
        self.feature_dim = EMBEDDING_DIM if head == "fc512" else channels
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)

    @property
    def imagenet_model(self) -> str:
        """Name of the ImageNet classifier with the same trunk."""
        return "densenet121"

    def layers_up_to(self, stage_map: int) -> list[nn.Module]:
        """Return the first layers and the blocks and transitions up to a map."""
        names = list(self.features)
        return [self.features[name] for name in names[: names.index(f"transition{stage_map}") + 1]]

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return e1 to e3 after the transition convolutions, and e4 after the last block."""
        layers = self.features
        x = F.max_pool2d(F.relu(layers["norm0"](layers["conv0"](images))), 3, 2, 1)
        e1 = layers["transition1"](layers["denseblock1"](x))
        e2 = layers["transition2"](layers["denseblock2"](F.avg_pool2d(e1, 2)))
        e3 = layers["transition3"](layers["denseblock3"](F.avg_pool2d(e2, 2)))
        return e1, e2, e3, F.relu(layers["norm5"](layers["denseblock4"](e3)))

    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool e4 to (N, 1024)."""
        return self.pool(maps[-1])  # type: ignore[no-any-return]

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool e4 and apply the head: (N, feature_dim)."""
        return self.embed(self.forward_pool(maps))  # type: ignore[no-any-return]


def _dense_block(channels: int, count: int) -> nn.Sequential:
    layers = (DenseLayer(channels + GROWTH * number) for number in range(count))
    return nn.Sequential(
        OrderedDict((f"denselayer{number}", layer) for number, layer in enumerate(layers, start=1))
    )


def _transition(channels: int) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        norm=nn.BatchNorm2d(channels),
        relu=nn.ReLU(inplace=True),
        conv=nn.Conv2d(channels, channels // 2, 1, bias=False),
    )
    return nn.Sequential(layers)
