"""Color images of dense pose maps (IUV)."""

import colorsys
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reid_align.errors import InvalidInputError
from reid_align.uv import BACKGROUND, IUV, PARTS, Part

# Checkerboard squares along one axis of a chart.
SQUARES = 4
DARK = 0.8
BACKDROP = (255, 255, 255)


def draw_iuv(iuv: IUV, image: NDArray[np.uint8] | None = None) -> Image.Image:
    """Draw one dense pose map.

    Hue shows the body region, brightness the side, saturation front or back. A checkerboard in
    chart coordinates makes wrong or noisy U and V visible.

    Args:
        iuv: map with planes (3, H, W).
        image: image of the map, (H, W, 3) RGB; blended with the body and shown as background.
            Without it the background is white.

    Returns:
        RGB image of H × W pixels.

    Raises:
        InvalidInputError: a batch of maps, or an image of another size.
    """
    if iuv.planes.ndim != 3:
        raise InvalidInputError(
            f"Got dense pose maps of shape {tuple(iuv.planes.shape)}. Draw one map at a time, with "
            "planes (3, H, W)."
        )
    parts, u, v = iuv.planes.cpu().numpy()
    squares = (u.astype(int) * SQUARES // 256 + v.astype(int) * SQUARES // 256) % 2
    colors = _palette()[parts] * np.where(squares, DARK, 1.0)[..., None]
    body = (parts != BACKGROUND)[..., None]
    if image is None:
        return Image.fromarray(np.where(body, colors, BACKDROP).astype(np.uint8))
    if image.shape != colors.shape:
        raise InvalidInputError(
            f"The image has shape {image.shape} and the dense pose map {parts.shape}. Height and "
            "width must match."
        )
    return Image.fromarray(np.where(body, 0.7 * colors + 0.3 * image, image).astype(np.uint8))


@cache
def _palette() -> NDArray[np.float64]:
    """Return RGB colors in [0, 255] by part number, (25, 3); background is black."""
    return np.array([(0.0, 0.0, 0.0), *map(_color, PARTS)]) * 255


def _color(part: Part) -> tuple[float, float, float]:
    regions = list(dict.fromkeys(other.region for other in PARTS))
    hue = regions.index(part.region) / len(regions)
    saturation = 0.45 if part.face == "back" else 0.85
    return colorsys.hsv_to_rgb(hue, saturation, 0.7 if part.side == "left" else 1.0)
