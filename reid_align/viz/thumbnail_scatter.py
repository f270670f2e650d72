"""Scatter of thumbnails: a dot for each image, and thumbnails where there is space."""

import colorsys
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.images import decode_image
from reid_align.viz.contact_sheets import INK, WHITE, font
from reid_align.viz.line_charts import COLORS

# Pixels. The width of the map grows with the number of images.
MIN_WIDTH, MAX_WIDTH, WIDTH_PER_ROOT, ASPECT = 700, 1600, 120, 0.75
THUMBNAIL, BORDER, DOT = 64, 3, 3
# A thumbnail may be this far from its dot.
REACH, STEP = 90, 10
MARGIN, LEGEND, LINE, FONT_SIZE = 60, 200, 22, 14
GRAY = "#9ca3af"
UNKNOWN = "unknown"

Box = tuple[int, int, int, int]


def thumbnail_scatter(
    positions: NDArray[np.floating],
    files: Sequence[str],
    labels: Sequence[str | None] | None = None,
    label_name: str = "",
) -> Image.Image:
    """Draw a dot per image, and thumbnails that do not cover each other.

    Thumbnails are placed in a fixed random order, at the free place closest to the dot, with a line
    to it. Images without a free place close by, and those that cannot be read, have only a dot.

    Args:
        positions: (N, 2) in [0, 1]; x to the right, y upward.
        files: image file of each position.
        labels: label of each image, shown by color; None: unknown. The legend lists the labels if
            there are at most 7.
        label_name: heading of the legend.

    Returns:
        RGB image, 700 to 1600 pixels wide without the legend.

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
    colors = _colors(labels or ())
    width = round(min(max(WIDTH_PER_ROOT * math.sqrt(len(files)), MIN_WIDTH), MAX_WIDTH))
    height = round(width * ASPECT)
    sheet = Image.new("RGB", (width + (LEGEND if labels is not None else 0), height), WHITE)
    draw = ImageDraw.Draw(sheet)
    space = np.array((width - 2 * MARGIN, height - 2 * MARGIN))
    upright = np.column_stack((positions[:, 0], 1 - positions[:, 1]))
    dots = [(int(x), int(y)) for x, y in (MARGIN + upright * space).round()]
    tints = [GRAY] * len(files) if labels is None else [colors[label] for label in labels]
    for (x, y), tint in zip(dots, tints, strict=True):
        draw.ellipse((x - DOT, y - DOT, x + DOT, y + DOT), fill=tint, outline=WHITE)
    taken = np.zeros((height, width), bool)
    # In random order: consecutive images often show one person.
    for index in np.random.default_rng(0).permutation(len(files)):
        _add_thumbnail(sheet, taken, dots[index], files[index], tints[index])
    if labels is not None:
        _draw_legend(draw, width, label_name, Counter(labels), colors)
    return sheet


def _add_thumbnail(
    sheet: Image.Image, taken: NDArray[np.bool_], dot: tuple[int, int], file: str, tint: str
) -> None:
    """Paste a thumbnail with a border and a line to its dot, if there is space."""
    # Most crops are at least this large; checked before decoding, which takes more time.
    if _free_place(taken, dot, (THUMBNAIL // 2, THUMBNAIL // 2)) is None:
        return
    try:
        thumbnail = Image.fromarray(decode_image(file))
    except ImageReadError:
        return
    thumbnail.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    place = _free_place(taken, dot, thumbnail.size)
    if place is None:
        return
    left, top, right, bottom = place
    taken[top:bottom, left:right] = True
    center = ((left + right) // 2, (top + bottom) // 2)
    ImageDraw.Draw(sheet).line((center, dot), fill=tint, width=1)
    sheet.paste(tint, place)
    sheet.paste(thumbnail, (left + BORDER, top + BORDER))


def _free_place(
    taken: NDArray[np.bool_], dot: tuple[int, int], size: tuple[int, int]
) -> Box | None:
    """Return the free box for a thumbnail closest to its dot, or None."""
    width, height = (side + 2 * BORDER for side in size)
    for dx, dy in _offsets():
        left, top = dot[0] + dx - width // 2, dot[1] + dy - height // 2
        right, bottom = left + width, top + height
        inside = left >= 0 and top >= 0 and bottom <= taken.shape[0] and right <= taken.shape[1]
        if inside and not taken[top:bottom, left:right].any():
            return left, top, right, bottom
    return None


@cache
def _offsets() -> list[tuple[int, int]]:
    """Return offsets within reach of a dot, closest first."""
    steps = range(-REACH, REACH + 1, STEP)
    near = [(dx, dy) for dx in steps for dy in steps if math.hypot(dx, dy) <= REACH]
    return sorted(near, key=lambda offset: math.hypot(*offset))


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
    colors: Mapping[str | None, str],
) -> None:
    """Draw the heading, and the labels with their numbers of images if there are few."""
    top, many = MARGIN, len(colors) - 1 > len(COLORS)
    text = f"{heading}: {len(colors) - 1:,} values" if many else heading
    draw.text((left, top), text, fill=INK, font=font(FONT_SIZE))
    for name, count in counts.most_common():
        if many and name is not None:
            continue
        top += LINE
        draw.ellipse((left, top + 3, left + 10, top + 13), fill=colors[name])
        line = f"{UNKNOWN if name is None else name} ({count:,})"
        draw.text((left + 16, top), line, fill=INK, font=font(FONT_SIZE))
