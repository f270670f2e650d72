"""Colors and letters that all images share."""

from functools import cache

from PIL import ImageFont

WHITE, INK, MUTED, GRID = "#ffffff", "#22252a", "#6b7280", "#e5e7eb"
# Okabe and Ito's colors, which people with any kind of color vision can tell apart.
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font with letters of so many pixels."""
    return ImageFont.load_default(size)
