"""Texture decoder SA-Dec of SAN: stage maps of an encoder to a UV texture, in training only.

Source: SAN, arXiv:1905.13143, section 4.2 and figure 2. The layers and the optional skip
connections are those of the authors' code,
microsoft/Semantics-Aligned-Representation-Learning-for-Person-Re-identification (MIT).
"""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from reid_align.errors import InvalidInputError
from reid_align.heads.head_factory import build_head
from reid_align.heads.training_head import HEADS, Head
from reid_align.models.encoder import Encoder
from reid_align.weights import Argument, wave

WIDTHS = (512, 256, 64, 32, 16)
# Height and width of e1 to e4 relative to e4; the last stage has stride 1.
STAGE_SCALES = (4, 2, 1, 1)


class DecodedTexture(NamedTuple):
    """Output of the decoder.

    Attributes:
        texture: (N, 3, height, width) RGB, linear; targets are in [-1, 1].
        d1, d2, d3, d4: outputs of the four blocks, (N, 256 | 64 | 32 | 16, h, w), without
            normalization or ReLU; each doubles height and width. A narrow decoder has half of these
            channels.
    """

    texture: Tensor
    d1: Tensor
    d2: Tensor
    d3: Tensor
    d4: Tensor


class UpBlock(nn.Module):
    """Residual block, ReLU, bilinear upsampling by 2 and a 3×3 convolution."""

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
    """Four residual upsampling blocks on e4, with optional skip connections from e1 to e3.

    The decoder keeps the aspect ratio of the image. A final bilinear resize of the RGB map gives
    ``height`` × ``width``; for SAN's square texture it doubles the width.

    Args:
        skips: add e3, e2 and e1, after 1×1 convolutions, before the first three blocks, as in the
            official code. Figure 2 of the paper has no such connections. With them, most of the
            texture comes from e1 to e3, and the drawing hardly aligns e4, the map of the feature.
        height: texture height in pixels.
        width: texture width in pixels; use half the height if the target is a person image.
        channels: channels of e4. With ``skips``, e3, e2 and e1 have a half, a quarter and an eighth
            of them. The widths of the blocks do not depend on it.
        narrow: half the channels in all blocks, for light encoders; not part of the paper.

    Raises:
        InvalidInputError: height or width is below 1.

    Parameters: 8,396,835; with skips 9,071,075. A narrow decoder of 1280 channels has 2,166,675.
    """

    def __init__(
        self,
        skips: bool = False,
        height: int = 256,
        width: int = 256,
        channels: int = 2048,
        narrow: bool = False,
    ) -> None:
        super().__init__()
        if min(height, width) < 1:
            raise InvalidInputError(
                f"Texture of {height}×{width} pixels: height and width must be at least 1."
            )
        self.output_size = height, width
        w1, w2, w3, w4 = channels // 8, channels // 4, channels // 2, channels
        self.stage_widths: tuple[int, ...] = (w1, w2, w3, w4)
        blocks = [width // 2 for width in WIDTHS] if narrow else WIDTHS
        self.reduce = _pointwise(w4, blocks[0])
        self.skip3 = _pointwise(w3, blocks[0]) if skips else None
        self.skip2 = _pointwise(w2, blocks[1]) if skips else None
        self.skip1 = _pointwise(w1, blocks[2]) if skips else None
        self.up1, self.up2, self.up3, self.up4 = (
            UpBlock(width, following) for width, following in pairwise(blocks)
        )
        self.to_rgb = nn.Conv2d(blocks[-1], 3, 7, padding=3, padding_mode="reflect")
        self.apply(_initialize)

    def forward(self, e1: Tensor, e2: Tensor, e3: Tensor, e4: Tensor) -> DecodedTexture:
        """Decode the four stage maps of a batch.

        Args:
            e1: (N, 256, 4h, 4w), with h and w the height and width of e4. Without skip connections
                the channels of e1, e2 and e3 may be any.
            e2: (N, 512, 2h, 2w).
            e3: (N, 1024, h, w).
            e4: (N, 2048, h, w); 16×8 for images of 256×128 pixels.

        Raises:
            InvalidInputError: maps of other shapes.
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
        """Return stage maps for one image of 64×32 pixels."""
        return tuple(wave(*shape) for shape in self._map_shapes(1, 4, 2))

    def fits(self, channels: Sequence[int]) -> bool:
        """Return whether the decoder reads stage maps with these numbers of channels."""
        read = slice(None) if self.skip1 is not None else slice(-1, None)
        return tuple(channels)[read] == self.stage_widths[read]

    def _map_shapes(self, count: int, height: int, width: int) -> list[tuple[int, ...]]:
        scaled = zip(self.stage_widths, STAGE_SCALES, strict=True)
        return [(count, c, scale * height, scale * width) for c, scale in scaled]

    def _check_maps(self, *maps: Tensor) -> None:
        height, width = maps[-1].shape[-2:]
        shapes = [tuple(stage_map.shape) for stage_map in maps]
        expected = self._map_shapes(len(maps[-1]), height, width)
        sizes, right = ([shape[-2:] for shape in each] for each in (shapes, expected))
        if sizes != right or not self.fits([stage_map.shape[1] for stage_map in maps]):
            raise InvalidInputError(
                f"Stage maps of shapes {shapes}: for a last map of {height}x{width}, the decoder "
                f"needs {expected}. Use an encoder with stride 1 in the last stage, and images "
                "with height and width divisible by 16."
            )


def decoder_for(encoder: Encoder, **options: Argument) -> TextureDecoder:
    """Build a texture decoder for the stage maps e1 to e4 of an encoder, in training mode.

    Args:
        encoder: its ``channels`` determine the decoder's.
        options: arguments of `TextureDecoder` other than ``channels``.

    Raises:
        InvalidInputError: skip connections, and the channels of the encoder do not double with
            each stage.
    """
    arguments = {"channels": encoder.channels[-1], **options}
    decoder = build_head("san_decoder", TextureDecoder, False, None, arguments)
    if not decoder.fits(encoder.channels):
        raise InvalidInputError(
            f"A decoder with skip connections needs maps of {decoder.stage_widths} channels, and "
            f"{encoder.architecture} has {encoder.channels}. Use skips=False, or a ResNet."
        )
    return decoder


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
    """Initialize as the official code: small weights, so the first texture is near 0."""
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_normal_(module.weight, gain=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, mean=1.0, std=0.02)
