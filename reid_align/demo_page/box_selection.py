"""Box on an image, from two clicks on opposite corners."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Pixels = NDArray[np.uint8]
Point = tuple[int, int]

# Smaller boxes are two clicks on one place.
_MIN_SIDE = 4
_COLOR = (255, 122, 0)


@dataclass(frozen=True, eq=False)
class BoxSelection:
    """An image, and the corners that were clicked so far.

    Attributes:
        image: (H, W, 3) RGB.
        corners: no, one or two points (x, y).
    """

    image: Pixels
    corners: tuple[Point, ...] = ()

    def click(self, x: int, y: int) -> "BoxSelection":
        """Return the selection after a click; a third click starts a new box."""
        height, width = self.image.shape[:2]
        point = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
        if len(self.corners) != 1:
            return replace(self, corners=(point,))
        both = (self.corners[0], point)
        is_small = any(abs(a - b) < _MIN_SIDE for a, b in zip(*both, strict=True))
        return replace(self, corners=(point,) if is_small else both)

    @property
    def box(self) -> tuple[int, int, int, int] | None:
        """Left, top, right, bottom; the last two are outside. None without a box."""
        if len(self.corners) < 2:
            return None
        (x0, y0), (x1, y1) = self.corners
        return min(x0, x1), min(y0, y1), max(x0, x1) + 1, max(y0, y1) + 1

    def crop(self) -> Pixels:
        """Return the pixels in the box, or the whole image without a box."""
        if self.box is None:
            return self.image
        left, top, right, bottom = self.box
        return self.image[top:bottom, left:right].copy()

    @classmethod
    def current(cls, image: Pixels, stored: "BoxSelection | None") -> "BoxSelection":
        """Return the stored selection if it is shown as ``image``, else one without corners."""
        is_shown = stored is not None and np.array_equal(stored.draw(), image)
        return stored if stored is not None and is_shown else cls(image)

    def draw(self) -> Pixels:
        """Return the image with the box or the first corner drawn on it."""
        if not self.corners:
            return self.image
        drawn = Image.fromarray(self.image)
        width = max(2, max(drawn.size) // 250)
        pen = ImageDraw.Draw(drawn)
        if self.box is not None:
            left, top, right, bottom = self.box
            pen.rectangle((left, top, right - 1, bottom - 1), outline=_COLOR, width=width)
        else:
            (x, y), radius = self.corners[0], 3 * width
            pen.ellipse(
                (x - radius, y - radius, x + radius, y + radius), outline=_COLOR, width=width
            )
        return np.asarray(drawn)
