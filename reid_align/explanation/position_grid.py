"""Location of the positions of the last feature map in the image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.models import DenseNetEncoder
from reid_align.models.encoder import Encoder
from reid_align.models.light_encoder import LightEncoder, SamePaddedConv2d
from reid_align.models.osnet import OsNetEncoder
from reid_align.models.resnet import ResNetTrunk


@dataclass(frozen=True)
class PositionGrid:
    """Centers of the receptive fields of h × w positions in an image.

    Attributes:
        rows: h.
        columns: w.
        height: height of the network's input in pixels.
        width: its width.
        first: pixel row of the first position, also its column; pixel 0 is the first one.
    """

    rows: int
    columns: int
    height: int
    width: int
    first: float

    def box(self, position: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Return the region closest to a position: left, top, right, bottom in pixels.

        Args:
            position: row and column.
            size: height and width of the image in which the box is drawn.
        """
        top, bottom = self._span(position[0], self.rows, self.height, size[0])
        left, right = self._span(position[1], self.columns, self.width, size[1])
        return left, top, right, bottom

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate one value per position, (h, w), to the input's pixels, (height, width)."""
        rows = self._weights(self.rows, self.height)
        columns = self._weights(self.columns, self.width)
        spread: NDArray[np.float64] = rows @ values @ columns.T
        return spread

    def _span(self, index: int, count: int, side: int, scaled: int) -> tuple[int, int]:
        stride = side / count
        center = self.first + 0.5 + index * stride
        edges = (np.array((center - stride / 2, center + stride / 2)) * scaled / side).round()
        start, end = edges.astype(int).clip((0, 1), (scaled - 1, scaled)).tolist()
        return start, max(end, start + 1)

    def _weights(self, count: int, side: int) -> NDArray[np.float64]:
        """Return the weights of linear interpolation, (side, count)."""
        places = ((np.arange(side) - self.first) * count / side).clip(0, count - 1)
        weights: NDArray[np.float64] = 1 - np.abs(places[:, None] - np.arange(count))
        return weights.clip(0, 1)


def position_grid(encoder: Encoder, rows: int, columns: int) -> PositionGrid:
    """Return the grid of an encoder's last map at the size of its preprocessing.

    A convolution of stride 2 with symmetric padding is centered on even pixels, so the receptive
    fields of a ResNet are centered on pixels 0, 16, 32, … and not on the centers of 16-pixel cells.
    Poolings of 2×2 pixels and TensorFlow's padding shift them. Other encoders get cell centers.
    """
    height, width = encoder.preprocess.height, encoder.preprocess.width
    return PositionGrid(rows, columns, height, width, _first_center(encoder, height / rows))


def _first_center(encoder: Encoder, stride: float) -> float:
    if isinstance(encoder, ResNetTrunk):
        # Without padding, the windows of the max pooling are centered on its second pixel.
        return 0.0 if encoder.maxpool.padding else 2.0
    if isinstance(encoder, DenseNetEncoder | OsNetEncoder):
        return 6.0  # two 2×2 poolings, at strides 4 and 8: 0.5 · 4 + 0.5 · 8
    if isinstance(encoder, LightEncoder):
        same = any(isinstance(module, SamePaddedConv2d) for module in encoder.modules())
        return 15.0 if same else 0.0  # one pixel right and down at strides 1, 2, 4 and 8
    return (stride - 1) / 2
