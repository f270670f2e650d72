"""Contact sheet of ranked lists: one row per query, hits from left to right."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from reid_align.errors import InvalidInputError
from reid_align.images import decode_image
from reid_align.viz.contact_sheets import FONT_SIZE, INK, WHITE, font, shorten_caption
from reid_align.viz.ranked_lists import Decode, RankedImage, RankedList, thumbnail

QUERY, RIGHT, WRONG, UNKNOWN = "#22252a", "#0a7d33", "#c4001a", "#b4b9c1"
_BORDER, _GAP, _AFTER_QUERY = 4, 8, 20
_LINE = FONT_SIZE + 4


def ranked_sheet(
    lists: Sequence[RankedList], height: int = 160, decode: Decode = decode_image
) -> Image.Image:
    """Draw ranked lists.

    Each row shows the query and its hits with rank and caption. Right hits have a green border and
    a check mark, wrong hits a red border and a cross.

    Args:
        lists: rows of the sheet; may have different lengths.
        height: height of the images in pixels.
        decode: reads an image file.

    Returns:
        RGB image.

    Raises:
        InvalidInputError: there is no list, or the height is below 16.
    """
    if not lists or height < 16:
        raise InvalidInputError(
            f"Got {len(lists)} ranked lists and an image height of {height} pixels. Give at least "
            "one list and at least 16 pixels."
        )
    rows = [
        [(image, thumbnail(image.file, height, decode)[0]) for image in (one.query, *one.hits)]
        for one in lists
    ]
    cell = max(thumb.width for row in rows for _, thumb in row) + 2 * _BORDER + _GAP
    step = height + 2 * _BORDER + 2 * _LINE + 2 * _GAP
    columns = max(map(len, rows))
    sheet = Image.new("RGB", (columns * cell + _AFTER_QUERY + _GAP, len(rows) * step + _GAP), WHITE)
    draw = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        for rank, (image, thumb) in enumerate(row):
            left = _GAP + rank * cell + (_AFTER_QUERY if rank else 0)
            _draw_cell(sheet, draw, (left, _GAP + number * step), rank, image, thumb, cell - _GAP)
    return sheet


def _draw_cell(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    rank: int,
    image: RankedImage,
    thumb: Image.Image,
    width: int,
) -> None:
    left, top = corner
    color = QUERY if rank == 0 else {None: UNKNOWN, True: RIGHT, False: WRONG}[image.right]
    right, bottom = left + thumb.width + 2 * _BORDER, top + thumb.height + 2 * _BORDER
    draw.rectangle((left, top, right - 1, bottom - 1), fill=color)
    sheet.paste(thumb, (left + _BORDER, top + _BORDER))
    if image.right is not None:
        _draw_mark(draw, right - 2, top + 2, image.right, color)
    first = "query" if rank == 0 else f"{rank}  {image.caption}"
    labels = [text for text in (image.identity, image.camera and f"cam {image.camera}") if text]
    second = " · ".join(labels) or image.name
    for line, text in enumerate((first, second)):
        shown = shorten_caption(text, draw, width)
        place = left, bottom + 3 + line * _LINE
        draw.text(place, shown, fill=INK, font=font(FONT_SIZE))


def _draw_mark(draw: ImageDraw.ImageDraw, right: int, top: int, is_right: bool, color: str) -> None:
    """Draw a check mark or a cross on a disk in the upper right corner."""
    size = 18
    left, bottom = right - size, top + size
    draw.ellipse((left, top, right, bottom), fill=color, outline=WHITE, width=1)
    if is_right:
        points = [(left + 4, top + 9), (left + 8, top + 13), (left + 14, top + 5)]
        draw.line(points, fill=WHITE, width=3)
    else:
        draw.line((left + 5, top + 5, right - 5, bottom - 5), fill=WHITE, width=3)
        draw.line((left + 5, bottom - 5, right - 5, top + 5), fill=WHITE, width=3)
