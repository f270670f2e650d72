"""SA-Dec: from an encoder's stage maps to the person's unwrapped texture, in training only.

WeightsSource: SAN, arXiv:1905.13143, section 4.2 and figure 2; the layers as in the authors' code,
microsoft/Semantics-Aligned-Representation-Learning-for-Person-Re-identification (MIT).
"""

from collections import OrderedDict
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from reid_align.errors import InvalidInputError
from reid_align.heads.head_factory import build_head
from reid_align.heads.training_head import HEADS, Head
from reid_align.models.encoder import Encoder
from reid_align.weights import Argument, wave

WIDTHS = (512, 256, 64, 32, 16)
# Height and width of e1 to e4 in units of e4's: the last stage does not stride.
STAGE_SCALES = (4, 2, 1, 1)


class DecodedTexture(NamedTuple):
    """What the decoder gives back.

    Attributes:
        texture: (N, 3, height, width) RGB, linear; targets lie in [-1, 1].
        d1, d2, d3, d4: the outputs of the four blocks, (N, 256 | 64 | 32 | 16, h, w), neither
            normalized nor rectified; each has twice the height and width of the one before.
    """

    texture: Tensor
    d1: Tensor
    d2: Tensor
    d3: Tensor
    d4: Tensor


class UpBlock(nn.Module):
    """A residual block, then ReLU, bilinear up-sampling and a 3×3 convolution."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.proj = nn.Conv2d(channels, out_channels, 3, padding=1, padding_mode="reflect")

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, h, w) to (N, out_channels, 2h, 2w)."""
        x = x + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        x = F.interpolate(F.relu(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        up: Tensor = self.proj(x)
        return up


@HEADS.register("san_decoder")
class TextureDecoder(Head):
    """Four residual up-sampling blocks on e4, with the earlier maps added on the way.

    The decoder keeps the image's aspect ratio up to the RGB map, which a last bilinear resize
    brings to ``height`` × ``width``: for SAN's square texture it stretches the width by two. Skips
    let color reach the texture without passing through e4; figure 2 of the paper does not draw
    them, the official code has them.

    Args:
        skips: add e3, e2 and e1, through 1×1 convolutions, before the first three blocks.
        height: of the texture in pixels.
        width: of the texture in pixels; half the height for a person image as the target, where
            nothing is stretched.
        channels: of e4; e3, e2 and e1 have a half, a quarter and an eighth of them. The decoder's
            own widths do not depend on it.

    Raises:
        InvalidInputError: a height or width below 1 pixel.

    Parameters: 9,071,075 with skips, 8,396,835 without.
    """

    def __init__(
        self,
        skips: bool = True,
        height: int = 256,
        width: int = 256,
        channels: int = 2048,
    ) -> None:
        super().__init__()
        if min(height, width) < 1:
            raise InvalidInputError(
                f"A texture of {height}×{width} pixels: height and width must be at least 1."
            )
        self.output_size = height, width
        self.stage_widths = w1, w2, w3, w4 = channels // 8, channels // 4, channels // 2, channels
        self.reduce = _pointwise(w4, WIDTHS[0])
        self.skip3 = _pointwise(w3, WIDTHS[0]) if skips else None
        self.skip2 = _pointwise(w2, WIDTHS[1]) if skips else None
        self.skip1 = _pointwise(w1, WIDTHS[2]) if skips else None
        self.up1 = UpBlock(WIDTHS[0], WIDTHS[1])
        self.up2 = UpBlock(WIDTHS[1], WIDTHS[2])
        self.up3 = UpBlock(WIDTHS[2], WIDTHS[3])
        self.up4 = UpBlock(WIDTHS[3], WIDTHS[4])
        self.to_rgb = nn.Conv2d(WIDTHS[4], 3, 7, padding=3, padding_mode="reflect")
        self.apply(_initialize)

    def forward(self, e1: Tensor, e2: Tensor, e3: Tensor, e4: Tensor) -> DecodedTexture:
        """Decode the four stage maps of a batch.

        Args:
            e1: (N, 256, 4h, 4w), with h and w the height and width of e4.
            e2: (N, 512, 2h, 2w).
            e3: (N, 1024, h, w).
            e4: (N, 2048, h, w); 16×8 for images of 256×128 pixels.

        Raises:
            InvalidInputError: maps of other shapes, with or without skips.
        """
        self._check_maps(e1, e2, e3, e4)
        d1 = self.up1(_add(self.reduce(e4), self.skip3, e3))
        d2 = self.up2(_add(d1, self.skip2, e2))
        d3 = self.up3(_add(d2, self.skip1, e1))
        d4 = self.up4(d3)
        texture = F.interpolate(
            self.to_rgb(d4), size=self.output_size, mode="bilinear", align_corners=True
        )
        return DecodedTexture(texture, d1, d2, d3, d4)

    def example_inputs(self) -> tuple[Tensor, ...]:
        """Return stage maps as of one image of 64×32 pixels."""
        return tuple(wave(*shape) for shape in self._map_shapes(1, 4, 2))

    def _map_shapes(self, count: int, height: int, width: int) -> list[tuple[int, ...]]:
        scaled = zip(self.stage_widths, STAGE_SCALES, strict=True)
        return [(count, c, scale * height, scale * width) for c, scale in scaled]

    def _check_maps(self, *maps: Tensor) -> None:
        height, width = maps[-1].shape[-2:]
        shapes = [tuple(stage_map.shape) for stage_map in maps]
        expected = self._map_shapes(len(maps[-1]), height, width)
        if shapes != expected:
            raise InvalidInputError(
                f"Stage maps of shapes {shapes}: with a last map of {height}x{width}, the decoder "
                f"needs {expected}. Take them from an encoder whose last stage does not stride, "
                "on images whose height and width are multiples of 16."
            )


def decoder_for(encoder: Encoder, **options: Argument) -> TextureDecoder:
    """Build a texture decoder for the stage maps e1 to e4 of an encoder, in training mode.

    Args:
        encoder: its ``channels`` determine the decoder's.
        options: arguments of `TextureDecoder` other than ``channels``.
    """
    arguments = {"channels": encoder.channels[-1], **options}
    return build_head("san_decoder", TextureDecoder, False, None, arguments)


def _pointwise(in_channels: int, out_channels: int) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv=nn.Conv2d(in_channels, out_channels, 1),
        bn=nn.BatchNorm2d(out_channels),
        relu=nn.ReLU(inplace=True),
    )
    return nn.Sequential(layers)


def _add(x: Tensor, skip: nn.Module | None, stage_map: Tensor) -> Tensor:
    return x if skip is None else x + skip(stage_map)


def _initialize(module: nn.Module) -> None:
    """Start the texture near 0, as the official code does: small weights, batch norms near 1."""
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_normal_(module.weight, gain=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, mean=1.0, std=0.02)
