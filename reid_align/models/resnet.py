"""ResNet-50's layers with torchvision's key names, and the trunk that the encoders share.

Written here because `import torchvision` costs more than `import torch`, and inference needs
neither its transforms nor its compiler.

Source: arXiv:1512.03385; the "v1.5" form of torchvision, with the stride on the 3×3 convolution.
"""

import math

from torch import Tensor, nn

from reid_align.models.encoder import Encoder

EXPANSION = 4
STAGE_WIDTHS = (256, 512, 1024, 2048)


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolution around a shortcut.

    Args:
        in_channels: channels of the input.
        width: channels of the 3×3 convolution; the output has four times as many.
        stride: of the 3×3 convolution.
        groups: groups of the second and third convolution.
        input_groups: groups of the convolutions that read the input: the first and the shortcut.
    """

    def __init__(
        self, in_channels: int, width: int, stride: int = 1, groups: int = 1, input_groups: int = 1
    ) -> None:
        super().__init__()
        out_channels = width * EXPANSION
        self.conv1 = nn.Conv2d(in_channels, width, 1, groups=input_groups, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, groups=groups, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, groups=input_groups, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, h, w) to (N, 4·width, h/stride, w/stride)."""
        shortcut = self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        x += shortcut
        return self.relu(x)  # type: ignore[no-any-return]


def stage(
    in_channels: int, width: int, blocks: int, stride: int, groups: int = 1, input_groups: int = 1
) -> nn.Sequential:
    """Stack bottlenecks; only the first one strides and reads the input in ``input_groups``."""
    first = Bottleneck(in_channels, width, stride, groups, input_groups)
    rest = (
        Bottleneck(width * EXPANSION, width, 1, groups, input_groups=groups)
        for _ in range(blocks - 1)
    )
    return nn.Sequential(first, *rest)


class ResNetTrunk(Encoder):
    """ResNet-50 from conv1 to layer4 with the last stride removed: the part all encoders share.

    At 256×128 its four maps are 256×64×32, 512×32×16, 1024×16×8 and 2048×16×8 (C×h×w).
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = stage(64, 64, 3, stride=1)
        self.layer2 = stage(256, 128, 4, stride=2)
        self.layer3 = stage(512, 256, 6, stride=2)
        self.layer4 = stage(1024, 512, 3, stride=1)

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the maps e1 to e4 after layer1 to layer4."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        e1 = self.layer1(x)
        e2 = self.layer2(e1)
        e3 = self.layer3(e2)
        return e1, e2, e3, self.layer4(e3)


def initialize(module: nn.Module, branches: int = 1) -> None:
    """Draw convolutions from Kaiming's normal (fan-out) as torchvision does; batch norms are 1, 0.

    Draws from torch's global generator: call `torch.manual_seed` before, to repeat it.

    Args:
        module: whose convolutions are drawn.
        branches: how many independent branches its channels belong to; the fan is that of one.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            fan_out = layer.out_channels // branches * math.prod(layer.kernel_size)
            nn.init.normal_(layer.weight, std=math.sqrt(2 / fan_out))
