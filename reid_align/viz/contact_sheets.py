"""Contact sheets: many small images in one, with captions."""

import math
from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from reid_align.errors import InvalidInputError

WHITE, INK = "#ffffff", "#22252a"
GAP, FONT_SIZE = 8, 11
ASPECT = 1.6


def contact_sheet(
    strips: Sequence[Sequence[Image.Image]], captions: Sequence[str] = (), height: int = 192
) -> Image.Image:
    """Arrange strips of images on one sheet.

    Args:
        strips: images shown side by side, any size and mode. Without strips the sheet is empty.
        captions: one line per strip, or none. Captions wider than their strip are shortened at the
            front, because file names differ most at the end.
        height: height of all images on the sheet, in pixels.

    Returns:
        RGB image, about 1.6 times as wide as high.

    Raises:
        InvalidInputError: the numbers of captions and strips differ, or the height is below 1.
    """
    if captions and len(captions) != len(strips):
        raise InvalidInputError(
            f"Got {len(captions)} captions for {len(strips)} strips. Pass one caption per strip."
        )
    if height < 1:
        raise InvalidInputError(f"The image height is {height} pixels. It must be at least 1.")
    joined = [_join(strip, height) for strip in strips]
    width = max((strip.width for strip in joined), default=0) + GAP
    line = FONT_SIZE + GAP if captions else 0
    step = height + line + GAP
    columns = max(1, round(math.sqrt(len(joined) * ASPECT * step / width)))
    size = columns * width + GAP, math.ceil(len(joined) / columns) * step + GAP
    sheet = Image.new("RGB", size, WHITE)
    draw = ImageDraw.Draw(sheet)
    for number, strip in enumerate(joined):
        row, column = divmod(number, columns)
        left, top = GAP + column * width, GAP + row * step
        sheet.paste(strip, (left, top))
        if captions:
            text = shorten_caption(captions[number], draw, width - GAP)
            draw.text((left, top + height + 3), text, fill=INK, font=font(FONT_SIZE))
    return sheet


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's default font at a size in pixels."""
    return ImageFont.load_default(size)


def _join(images: Sequence[Image.Image], height: int) -> Image.Image:
    """Scale images to one height and join them side by side."""
    scaled = [
        image.convert("RGB").resize((max(1, round(image.width * height / image.height)), height))
        for image in images
    ]
    strip = Image.new("RGB", (max(1, sum(image.width for image in scaled)), height), WHITE)
    left = 0
    for image in scaled:
        strip.paste(image, (left, 0))
        left += image.width
    return strip


def shorten_caption(text: str, draw: ImageDraw.ImageDraw, width: int) -> str:
    """Return the end of a text that fits into ``width`` pixels; replaces unprintable letters."""
    # File names may contain line breaks and bytes that are not valid text.
    line = "".join(letter if letter.isprintable() else "?" for letter in text)
    if draw.textlength(line, font=font(FONT_SIZE)) <= width:
        return line
    while line and draw.textlength("…" + line, font=font(FONT_SIZE)) > width:
        line = line[1:]
    return "…" + line
