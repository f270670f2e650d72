"""Series of numbers as a image of lines, such as a training run's losses over its steps."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from reid_align.viz.axis import Axis
from reid_align.viz.style import GRID, INK, LINES, MUTED, WHITE, font

Point = tuple[float, float]
Lines = Mapping[str, Sequence[Point]]

# Everything is drawn in twice the size and scaled down, which smooths lines and letters.
SCALE = 2
WIDTH, HEIGHT, COLUMNS = 640 * SCALE, 300 * SCALE, 2
LEFT, RIGHT, TOP, BOTTOM = 70 * SCALE, 170 * SCALE, 40 * SCALE, 34 * SCALE
SMALL, LARGE = 12 * SCALE, 15 * SCALE


def draw_curves(panels: Mapping[str, Lines]) -> Image.Image:
    """Draw one panel for each group of lines, two beside each other.

    A panel has axes with round ticks and a legend that states each line's last value. Points that
    are not finite are left out; the line goes on at the next one.

    Args:
        panels: the panel's title, then the line's label, to its points (x, y) in the order of x.
            A panel without points stays empty, and without panels the image is one empty panel.

    Returns:
        An RGB image, 640 × 300 pixels for each panel.
    """
    shown = panels or {"": {}}
    columns = min(COLUMNS, len(shown))
    rows = math.ceil(len(shown) / columns)
    sheet = Image.new("RGB", (columns * WIDTH, rows * HEIGHT), WHITE)
    draw = ImageDraw.Draw(sheet)
    for number, (title, lines) in enumerate(shown.items()):
        finite = {
            label: [point for point in points if all(map(math.isfinite, point))]
            for label, points in lines.items()
        }
        row, column = divmod(number, columns)
        _Panel.around(finite, column * WIDTH, row * HEIGHT).draw(draw, title, finite)
    return sheet.reduce(SCALE)


@dataclass(frozen=True)
class _Panel:
    """A panel's axes, and its upper left corner on the sheet."""

    x_axis: Axis
    y_axis: Axis
    left: int
    top: int

    @classmethod
    def around(cls, lines: Lines, left: int, top: int) -> "_Panel":
        points = [point for line in lines.values() for point in line]
        xs, ys = ([point[axis] for point in points] for axis in (0, 1))
        return cls(Axis.around(xs, 6), Axis.around(ys, 5), left, top)

    def place(self, x: float, y: float) -> Point:
        """Return the pixel of a point."""
        width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        across, up = self.x_axis.share(x), self.y_axis.share(y)
        return self.left + LEFT + across * width, self.top + TOP + (1 - up) * height

    def draw(self, draw: ImageDraw.ImageDraw, title: str, lines: Lines) -> None:
        heading = self.left + LEFT, self.top + TOP - 14 * SCALE
        draw.text(heading, title, fill=INK, font=font(LARGE), anchor="ls")
        self._draw_axes(draw)
        for number, (label, points) in enumerate(lines.items()):
            color = LINES[number % len(LINES)]
            self._draw_line(draw, points, color)
            self._draw_legend(draw, number, label, points, color)

    def _draw_axes(self, draw: ImageDraw.ImageDraw) -> None:
        x_axis, y_axis = self.x_axis, self.y_axis
        for y in y_axis.ticks():
            ends = self.place(x_axis.low, y), self.place(x_axis.high, y)
            draw.line(ends, fill=MUTED if y == y_axis.low else GRID, width=SCALE)
            beside = ends[0][0] - 6 * SCALE, ends[0][1]
            draw.text(beside, y_axis.label(y), fill=MUTED, font=font(SMALL), anchor="rm")
        for x in x_axis.ticks():
            foot = self.place(x, y_axis.low)
            draw.line((foot, (foot[0], foot[1] + 4 * SCALE)), fill=MUTED, width=SCALE)
            below = foot[0], foot[1] + 7 * SCALE
            draw.text(below, x_axis.label(x), fill=MUTED, font=font(SMALL), anchor="mt")

    def _draw_line(self, draw: ImageDraw.ImageDraw, points: Sequence[Point], color: str) -> None:
        places = [self.place(*point) for point in points]
        draw.line(places, fill=color, width=2 * SCALE, joint="curve")
        for last in places[-1:]:
            draw.circle(last, 3 * SCALE, fill=color)

    def _draw_legend(
        self,
        draw: ImageDraw.ImageDraw,
        number: int,
        label: str,
        points: Sequence[Point],
        color: str,
    ) -> None:
        left, top = self.left + WIDTH - RIGHT + 14 * SCALE, self.top + TOP + 20 * SCALE * number
        draw.line((left, top, left + 14 * SCALE, top), fill=color, width=3 * SCALE)
        value = f"  {points[-1][1]:.4g}" if points else ""
        draw.text((left + 20 * SCALE, top), label + value, fill=INK, font=font(SMALL), anchor="lm")
