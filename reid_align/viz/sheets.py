"""Contact sheets: many small images on one, with a line of text below each."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from reid_align.errors import InvalidInputError
from reid_align.viz.style import INK, WHITE, font

GAP, LETTERS = 8, 11
ASPECT = 1.6


def contact_sheet(
    strips: Sequence[Sequence[Image.Image]], captions: Sequence[str] = (), height: int = 192
) -> Image.Image:
    """Put images that belong together side by side, and these strips on one sheet.

    Args:
        strips: the images of each strip, of any size and mode. A sheet without any is empty.
        captions: a line for each strip, or none at all; shortened at the front where it is wider
            than its strip, for the ends of file names tell most.
        height: of every image on the sheet, in pixels.

    Returns:
        An RGB image, about 1.6 times as wide as high.

    Raises:
        InvalidInputError: another number of captions than of strips, or a height below 1.
    """
    if captions and len(captions) != len(strips):
        raise InvalidInputError(f"{len(captions)} captions for {len(strips)} strips: one for each.")
    if height < 1:
        raise InvalidInputError(f"Images of {height} pixels: the height must be at least 1.")
    joined = [_join(strip, height) for strip in strips]
    width = max((strip.width for strip in joined), default=0) + GAP
    line = LETTERS + GAP if captions else 0
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
            text = _shortened(captions[number], draw, width - GAP)
            draw.text((left, top + height + 3), text, fill=INK, font=font(LETTERS))
    return sheet


def _join(images: Sequence[Image.Image], height: int) -> Image.Image:
    """Return images of one height beside each other."""
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


def _shortened(text: str, draw: ImageDraw.ImageDraw, width: int) -> str:
    # A file name may hold bytes that are no text, and line ends.
    line = "".join(letter if letter.isprintable() else "?" for letter in text)
    if draw.textlength(line, font=font(LETTERS)) <= width:
        return line
    while line and draw.textlength("…" + line, font=font(LETTERS)) > width:
        line = line[1:]
    return "…" + line
