"""Light encoders made of inverted residual blocks.

The shapes are in the modules of the architectures.

MobileNetV2 and EfficientNet-Lite share one structure: a stem, seven stages of inverted residual
blocks and a 1×1 convolution to 1280 channels. Tensor names are those of torchvision's MobileNetV2.

Source: MobileNetV2, arXiv:1801.04381; EfficientNet, arXiv:1905.11946.
"""

from dataclasses import dataclass
from typing import get_args

import torch.nn.functional as F
from torch import Tensor, nn

from reid_align.models.embedding_head import EMBEDDING_DIM, EncoderHead, make_head
from reid_align.models.encoder import Encoder
from reid_align.models.pooling import Pool, make_pool

LAST_CHANNELS = 1280
# The stages that end with e1, e2 and e3; e4 follows the last convolution.
MAP_STAGES = (1, 2, 4)
# The stage that loses its stride of 2, like the last stage of a ResNet in both papers.
UNSTRIDED_STAGE = 5


@dataclass(frozen=True)
class StageShape:
    """One stage of inverted residual blocks.

    Attributes:
        blocks: number of blocks.
        kernel: side of the depthwise kernel in pixels.
        stride: of the first block, for ImageNet classification.
        expansion: width inside a block as a multiple of its input width.
        channels: output width.
    """

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


@dataclass(frozen=True)
class LightShape:
    """Shape of a light encoder.

    Attributes:
        imagenet_model: name of the ImageNet classifier with this trunk.
        stem: width of the stem.
        stages: the seven stages.
        epsilon: added to the variance by batch norms.
        same_padding: pad convolutions of stride 2 as TensorFlow's "same" does, which puts an odd
            pixel at the right and bottom; else symmetrically.
    """

    imagenet_model: str
    stem: int
    stages: tuple[StageShape, ...]
    epsilon: float = 1e-5
    same_padding: bool = False


class SamePaddedConv2d(nn.Conv2d):
    """Convolution of stride 2 with the padding of TensorFlow's "same"."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C', ceil(h / 2), ceil(w / 2))."""
        return super().forward(self.pad(x))

    def pad(self, x: Tensor) -> Tensor:
        """Pad x with the zeros that the convolution reads."""
        (top, bottom), (left, right) = (
            _same_padding(size, kernel, stride)
            for size, kernel, stride in zip(
                x.shape[-2:], self.kernel_size, self.stride, strict=True
            )
        )
        return F.pad(x, (left, right, top, bottom))


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class InvertedResidual(nn.Module):
    """1×1 expansion, depthwise convolution and 1×1 projection, with a shortcut if shapes match.

    Args:
        shape: of the network.
        stage: of the network that has the block.
        channels: of the input.
        stride: 1 or 2.
        branches: number of separate branches in the channels.
        input_branches: number of groups in which the expansion reads its input; default: as
            ``branches``.
    """

    def __init__(
        self,
        shape: LightShape,
        stage: StageShape,
        channels: int,
        stride: int,
        branches: int = 1,
        input_branches: int | None = None,
    ) -> None:
        super().__init__()
        inner = channels * stage.expansion
        layers: list[nn.Module] = []
        if stage.expansion > 1:
            groups = input_branches or branches
            layers += convolution_layers(shape, channels, inner, 1, groups=groups)
        layers += convolution_layers(shape, inner, inner, stage.kernel, stride, groups=inner)
        layers += convolution_layers(shape, inner, stage.channels, 1, groups=branches)[:2]
        self.conv = nn.Sequential(*layers)
        self.shortcut = stride == 1 and channels == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C', h, w), or to half the height and width at stride 2."""
        y: Tensor = self.conv(x)
        return x + y if self.shortcut else y


def convolution_layers(
    shape: LightShape, channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """Return a convolution, a batch norm and a ReLU6 of a network."""
    same = shape.same_padding and stride > 1
    conv = SamePaddedConv2d if same else nn.Conv2d
    padding = 0 if same else kernel // 2
    return [
        conv(channels, out, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(out, eps=shape.epsilon),
        nn.ReLU6(inplace=True),
    ]


class LightEncoder(Encoder):
    """Light encoder with the last stride removed, pooled over positions, and a head.

    At 256×128 its maps e1 to e4 have 64×32, 32×16, 16×8 and 16×8 positions.

    Args:
        shape: of the network.
        head: "gap" (1280-d), "fc512" or "bnneck" (1280-d), as for `SanEncoder`.
        pool: "avg" or "gem".

    Raises:
        UnknownNameError: another head or pool.
    """

    def __init__(self, shape: LightShape, head: EncoderHead = "gap", pool: Pool = "avg") -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Sequential(*convolution_layers(shape, 3, shape.stem, 3, 2))]
        channels, ends = shape.stem, []
        for number, stage in enumerate(shape.stages):
            stride = 1 if number == UNSTRIDED_STAGE else stage.stride
            for block in range(stage.blocks):
                layers.append(InvertedResidual(shape, stage, channels, 1 if block else stride))
                channels = stage.channels
            ends.append(len(layers))
        layers.append(nn.Sequential(*convolution_layers(shape, channels, LAST_CHANNELS, 1)))
        self.features = nn.Sequential(*layers)
        self._shape = shape
        self._map_ends = tuple(ends[number] for number in MAP_STAGES)
        widths = (shape.stages[number].channels for number in MAP_STAGES)
        self.channels = (*widths, LAST_CHANNELS)
        self.pool = make_pool(pool)
        self.embed = make_head(head, get_args(EncoderHead), LAST_CHANNELS)
        self.feature_dim = EMBEDDING_DIM if head == "fc512" else LAST_CHANNELS
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out")

    @property
    def imagenet_model(self) -> str:
        """Name of the ImageNet classifier with the same trunk."""
        return self._shape.imagenet_model

    def layers_up_to(self, stage_map: int) -> list[nn.Module]:
        """Return the stem and the blocks up to a map."""
        return list(self.features)[: self._map_ends[stage_map - 1]]

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return e1 to e3 after stages 2, 3 and 5, and e4 after the last convolution."""
        maps, x = [], images
        for number, layer in enumerate(self.features, start=1):
            x = layer(x)
            if number in self._map_ends:
                maps.append(x)
        return (*maps, x)

    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool e4 over its positions: (N, 1280)."""
        return self.pool(maps[-1])  # type: ignore[no-any-return]

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool e4 over its positions and apply the head: (N, feature_dim)."""
        return self.embed(self.forward_pool(maps))  # type: ignore[no-any-return]
