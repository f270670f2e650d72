"""Scatter of thumbnails: a dot for each image, and thumbnails where there is space."""

import colorsys
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.images import decode_image
from reid_align.viz.contact_sheets import INK, WHITE, font
from reid_align.viz.line_charts import COLORS

SIZE = (1400, 1050)
THUMBNAIL, BORDER, DOT = 64, 3, 3
MARGIN, LEGEND, LINE, FONT_SIZE = 60, 200, 22, 14
GRAY = "#9ca3af"
UNKNOWN = "unknown"


def thumbnail_scatter(
    positions: NDArray[np.floating],
    files: Sequence[str],
    labels: Sequence[str | None] | None = None,
    label_name: str = "",
    size: tuple[int, int] = SIZE,
) -> Image.Image:
    """Draw a dot per image, and thumbnails that do not cover each other.

    Thumbnails are placed in the order of the images. Images that cannot be read have only a dot.

    Args:
        positions: (N, 2) in [0, 1]; x to the right, y upward.
        files: image file of each position.
        labels: label of each image, shown by color; None: unknown. The legend lists the labels if
            there are at most 7; the colors of more labels are not unique.
        label_name: heading of the legend.
        size: width and height of the map in pixels, without the legend.

    Returns:
        RGB image.

    Raises:
        InvalidInputError: positions, files and labels differ in number, or positions are outside
            [0, 1].
    """
    counts = {len(positions), len(files), len(files if labels is None else labels)}
    if positions.ndim != 2 or positions.shape[1] != 2 or len(counts) > 1:
        raise InvalidInputError(
            f"Got positions of shape {positions.shape}, {len(files)} files and "
            f"{'no' if labels is None else len(labels)} labels. Give one of each per image."
        )
    if not ((positions >= 0) & (positions <= 1)).all():
        raise InvalidInputError("Positions must be in [0, 1]. Scale them first.")
    colors = _colors(labels) if labels is not None else {}
    width, height = size
    sheet = Image.new("RGB", (width + (LEGEND if colors else 0), height), WHITE)
    draw = ImageDraw.Draw(sheet)
    space = np.array((width - 2 * MARGIN, height - 2 * MARGIN))
    places = MARGIN + np.column_stack((positions[:, 0], 1 - positions[:, 1])) * space
    tints = [colors[label] if labels is not None else GRAY for label in labels or files]
    for (x, y), tint in zip(places, tints, strict=True):
        draw.ellipse((x - DOT, y - DOT, x + DOT, y + DOT), fill=tint)
    taken = np.zeros((height, width), bool)
    for (x, y), file, tint in zip(places, files, tints, strict=True):
        _place_thumbnail(sheet, taken, (round(x), round(y)), file, tint)
    if labels is not None:
        _draw_legend(draw, width, label_name, Counter(labels), colors)
    return sheet


def _place_thumbnail(
    sheet: Image.Image, taken: NDArray[np.bool_], center: tuple[int, int], file: str, tint: str
) -> None:
    """Paste a thumbnail with a border, unless it would cover another one."""
    x, y = center
    if taken[y, x]:
        return  # before decoding, which takes most of the time
    try:
        thumbnail = Image.fromarray(decode_image(file))
    except ImageReadError:
        return
    thumbnail.thumbnail((THUMBNAIL, THUMBNAIL))
    left, top = x - thumbnail.width // 2, y - thumbnail.height // 2
    right, bottom = left + thumbnail.width + BORDER, top + thumbnail.height + BORDER
    covered = np.s_[max(top - BORDER, 0) : bottom, max(left - BORDER, 0) : right]
    if taken[covered].any():
        return
    taken[covered] = True
    sheet.paste(tint, (left - BORDER, top - BORDER, right, bottom))
    sheet.paste(thumbnail, (left, top))


def _colors(labels: Sequence[str | None]) -> dict[str | None, str]:
    """Return the color of each label, most frequent first; unknown labels are gray."""
    names = [label for label, _ in Counter(labels).most_common() if label is not None]
    colors: dict[str | None, str] = {None: GRAY}
    for index, name in enumerate(names):
        colors[name] = COLORS[index] if len(names) <= len(COLORS) else _hue(index)
    return colors


def _hue(index: int) -> str:
    """Return a color; successive indices differ by the golden angle."""
    rgb = colorsys.hsv_to_rgb(index * 0.618034 % 1, 0.75, 0.85 if index % 2 else 0.65)
    return "#" + "".join(f"{round(255 * level):02x}" for level in rgb)


def _draw_legend(
    draw: ImageDraw.ImageDraw,
    left: int,
    heading: str,
    counts: "Counter[str | None]",
    colors: dict[str | None, str],
) -> None:
    names = [name for name, _ in counts.most_common()]
    top = MARGIN
    known = sum(name is not None for name in names)
    many = known > len(COLORS)
    text = f"{heading}: {known:,} values" if many else heading
    draw.text((left, top), text, fill=INK, font=font(FONT_SIZE))
    for name in (name for name in names if name is None or not many):
        top += LINE
        draw.ellipse((left, top + 3, left + 10, top + 13), fill=colors[name])
        line = f"{UNKNOWN if name is None else name} ({counts[name]:,})"
        draw.text((left + 16, top), line, fill=INK, font=font(FONT_SIZE))
