"""ResNet trunk of the encoders, with torchvision's key names and four stage maps.

Avoids `import torchvision`, which takes longer than `import torch`.

Source: arXiv:1512.03385; IBN-a: arXiv:1807.09441.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from torch import Tensor, nn

from reid_align.errors import UnknownNameError
from reid_align.models.encoder import Encoder
from reid_align.models.norms import Norm
from reid_align.models.pooling import Pool, make_pool
from reid_align.models.resnet_blocks import BasicBlock, Bottleneck, ResidualBlock, stage

Depth = Literal[14, 18, 34, 50, 101]
# Block type and number of blocks in the four stages. ResNet-14 has the first block of each stage of
# ResNet-50.
LAYOUTS: Mapping[Depth, tuple[ResidualBlock, tuple[int, int, int, int]]] = {
    14: (Bottleneck, (1, 1, 1, 1)),
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (Bottleneck, (3, 4, 6, 3)),
    101: (Bottleneck, (3, 4, 23, 3)),
}
WIDTHS = (64, 128, 256, 512)


class ResNetTrunk(Encoder):
    """ResNet from conv1 to layer4 without the last stride, shared by all ResNet encoders.

    For images of 256×128 pixels, the four maps of a ResNet-50 are 256×64×32, 512×32×16, 1024×16×8
    and 2048×16×8 (C×h×w); ResNet-18 and 34 have a quarter of the channels.

    Args:
        depth: 14, 18, 34, 50 or 101 layers.
        pool: "avg" or "gem" (generalized mean).
        norm: "bn": batch norms; "ibn_a": instance norm on half of the channels after the first
            convolution of each block in layer1 to layer3.

    Raises:
        UnknownNameError: an unknown ``depth``, ``pool`` or ``norm``.
    """

    def __init__(self, depth: Depth = 50, pool: Pool = "avg", norm: Norm = "bn") -> None:
        if depth not in LAYOUTS:
            raise UnknownNameError("depth", str(depth), map(str, LAYOUTS))
        if norm not in get_args(Norm):
            raise UnknownNameError("norm", norm, get_args(Norm))
        super().__init__()
        self.depth, self.norm = depth, norm
        block, blocks = LAYOUTS[depth]
        self.channels = tuple(width * block.expansion for width in WIDTHS)
        c1, c2, c3, _ = self.channels
        w1, w2, w3, w4 = WIDTHS
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu: nn.Module = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = stage(64, w1, blocks[0], stride=1, block=block, norm=norm)
        self.layer2 = stage(c1, w2, blocks[1], stride=2, block=block, norm=norm)
        self.layer3 = stage(c2, w3, blocks[2], stride=2, block=block, norm=norm)
        self.layer4 = stage(c3, w4, blocks[3], stride=1, block=block)
        self.pool = make_pool(pool)

    @property
    def imagenet_model(self) -> str:
        """The ImageNet ResNet of the same depth and norm: "resnet50" or "resnet50_ibn_a"."""
        return f"resnet{self.depth}" + ("_ibn_a" if self.norm == "ibn_a" else "")

    def layers_up_to(self, stage_map: int) -> list[nn.Module]:
        """Return conv1, bn1 and layer1 to layer``stage_map``."""
        stages = (self.layer1, self.layer2, self.layer3)
        return [self.conv1, self.bn1, *stages[:stage_map]]

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the maps e1 to e4 after layer1 to layer4."""
        e1, e2, e3 = self.forward_stem(images)
        return e1, e2, e3, self.layer4(e3)

    def forward_stem(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the maps e1 to e3 after layer1 to layer3."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        e1 = self.layer1(x)
        e2 = self.layer2(e1)
        return e1, e2, self.layer3(e2)
