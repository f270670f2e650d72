"""Dense maps in colors: one for each part, with a checkerboard of its chart's U and V."""

import colorsys
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reid_align.errors import InvalidInputError
from reid_align.uv import BACKGROUND, IUV, PARTS, Part

# Squares along one axis of a chart.
SQUARES = 4
DARK = 0.8
BACKDROP = (255, 255, 255)


def draw_iuv(iuv: IUV, image: NDArray[np.uint8] | None = None) -> Image.Image:
    """Draw one dense map.

    Regions of the body differ in hue, the two sides in brightness, front and back in saturation;
    the squares follow the chart, so that a wrong or noisy coordinate shows.

    Args:
        iuv: planes (3, H, W).
        image: (H, W, 3) RGB, the image that it is the map of. It shines through the body, and
            fills the background, which is white without it.

    Returns:
        An RGB image of H × W pixels.

    Raises:
        InvalidInputError: a batch of maps, or an image of another size.
    """
    if iuv.planes.ndim != 3:
        raise InvalidInputError(
            f"Dense maps of shape {tuple(iuv.planes.shape)}: draw one at a time, planes (3, H, W)."
        )
    parts, u, v = iuv.planes.cpu().numpy()
    squares = (u.astype(int) * SQUARES // 256 + v.astype(int) * SQUARES // 256) % 2
    colors = _palette()[parts] * np.where(squares, DARK, 1.0)[..., None]
    body = (parts != BACKGROUND)[..., None]
    if image is None:
        return Image.fromarray(np.where(body, colors, BACKDROP).astype(np.uint8))
    if image.shape != colors.shape:
        raise InvalidInputError(
            f"An image {image.shape} under a dense map of {parts.shape}: they must be of one size."
        )
    return Image.fromarray(np.where(body, 0.7 * colors + 0.3 * image, image).astype(np.uint8))


@cache
def _palette() -> NDArray[np.float64]:
    """Return RGB in [0, 255] by part number, (25, 3); the background is black."""
    return np.array([(0.0, 0.0, 0.0), *map(_color, PARTS)]) * 255


def _color(part: Part) -> tuple[float, float, float]:
    regions = list(dict.fromkeys(other.region for other in PARTS))
    hue = regions.index(part.region) / len(regions)
    saturation = 0.45 if part.face == "back" else 0.85
    return colorsys.hsv_to_rgb(hue, saturation, 0.7 if part.side == "left" else 1.0)
