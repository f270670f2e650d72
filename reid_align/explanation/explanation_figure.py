"""Figures of explanations: images, heat maps and lines between matching regions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reid_align.viz.contact_sheets import GAP, INK, WHITE, font
from reid_align.viz.heat_overlay import heat_overlay

Pixels = NDArray[np.uint8]
Heat = NDArray[np.float64]
Box = tuple[int, int, int, int]

FONT_SIZE, CAPTION, SPACE = 14, 24, 28
# Between two linked images, in shares of the height.
LINK_SPACE = 0.35
# Okabe and Ito's palette and white; the number tells matches of one color apart.
COLORS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#ffffff")
BLACK = "#000000"


@dataclass(frozen=True)
class LinkedRegions:
    """Two regions to connect by a line.

    Attributes:
        first: left, top, right, bottom in pixels of the first image.
        second: the same in the second image.
        weight: line width relative to the other links, positive.
    """

    first: Box
    second: Box
    weight: float


def draw_image_explanation(image: Pixels, heat: Heat, caption: str, height: int) -> Image.Image:
    """Draw an image and its heat map, ``height`` pixels high, with a caption above the map."""
    overlay = np.asarray(heat_overlay(image, heat))
    groups = [[_scaled(image, height)], [_scaled(overlay, height)]]
    return _with_captions(groups, ["image", caption], height)


def draw_pair_explanation(
    images: Sequence[Pixels],
    heat: Sequence[Heat],
    links: Sequence[LinkedRegions],
    captions: Sequence[str],
    height: int,
) -> Image.Image:
    """Draw two images, their heat maps on one scale, and the links between them.

    Args:
        images: two images, (H, W, 3) RGB.
        heat: their heat maps, see `heat_overlay`.
        links: regions to connect; the third group is left out if there are none.
        captions: of the images, the heat maps and the links.
        height: of every image, in pixels.
    """
    limit = max(float(np.abs(one).max()) for one in heat) or None
    overlays = [
        _scaled(np.asarray(heat_overlay(image, one, limit)), height)
        for image, one in zip(images, heat, strict=True)
    ]
    groups = [[_scaled(image, height) for image in images], overlays]
    if links:
        groups.append([_linked(images, links, height)])
    return _with_captions(groups, captions[: len(groups)], height)


def _linked(images: Sequence[Pixels], links: Sequence[LinkedRegions], height: int) -> Image.Image:
    """Draw two images with a space between them, and a box, a line and a number per link."""
    first, second = (_scaled(image, height) for image in images)
    scales = [height / image.shape[0] for image in images]
    offset = first.width + round(LINK_SPACE * height)
    figure = Image.new("RGB", (offset + second.width, height), WHITE)
    figure.paste(first, (0, 0))
    figure.paste(second, (offset, 0))
    draw = ImageDraw.Draw(figure)
    strongest = max(link.weight for link in links)
    colors = [COLORS[index % len(COLORS)] for index in range(len(links))]
    places = [
        [_place(link.first, scales[0], 0), _place(link.second, scales[1], offset)] for link in links
    ]
    for link, boxes, color in zip(links, places, colors, strict=True):
        width = 2 + round(4 * link.weight / strongest)
        centers = [_center(box) for box in boxes]
        draw.line(centers, fill=BLACK, width=width + 2)
        draw.line(centers, fill=color, width=width)
    for boxes, color in zip(places, colors, strict=True):
        for left, top, right, bottom in boxes:
            draw.rectangle((left, top, right, bottom), outline=BLACK, width=4)
            draw.rectangle((left + 1, top + 1, right - 1, bottom - 1), outline=color, width=2)
    for number, (boxes, color) in enumerate(zip(places, colors, strict=True), start=1):
        for box in boxes:
            _number(draw, _center(box), str(number), color)
    return figure


def _place(box: Box, scale: float, offset: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = (side * scale for side in box)
    return offset + left, top, max(offset + right - 1, offset + left + 3), max(bottom - 1, top + 3)


def _center(box: tuple[float, float, float, float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _number(draw: ImageDraw.ImageDraw, center: tuple[float, float], text: str, color: str) -> None:
    x, y = center
    radius = FONT_SIZE * 0.7
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color, outline=BLACK)
    draw.text(center, text, fill=BLACK, font=font(FONT_SIZE), anchor="mm")


def _scaled(image: Pixels, height: int) -> Image.Image:
    width = max(1, round(image.shape[1] * height / image.shape[0]))
    return Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC)


def _with_captions(
    groups: Sequence[Sequence[Image.Image]], captions: Sequence[str], height: int
) -> Image.Image:
    """Join the groups side by side, each below its caption."""
    measure = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    widths = [
        max(
            sum(image.width for image in group) + GAP * (len(group) - 1),
            round(measure.textlength(caption, font=font(FONT_SIZE))),
        )
        for group, caption in zip(groups, captions, strict=True)
    ]
    size = sum(widths) + SPACE * (len(widths) - 1) + 2 * GAP, height + CAPTION + 2 * GAP
    figure = Image.new("RGB", size, WHITE)
    draw = ImageDraw.Draw(figure)
    left = GAP
    for group, caption, width in zip(groups, captions, widths, strict=True):
        draw.text((left, GAP), caption, fill=INK, font=font(FONT_SIZE))
        x = left
        for image in group:
            figure.paste(image, (x, GAP + CAPTION))
            x += image.width + GAP
        left += width + SPACE
    return figure
