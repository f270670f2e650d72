"""Line charts, for example of losses over training steps. Needs matplotlib (extra ``plot``)."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from reid_align.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Point = tuple[float, float]
Lines = Mapping[str, Sequence[Point]]

# Okabe and Ito's palette for color-blind readers.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
INK, MUTED, GRID = "#22252a", "#6b7280", "#e5e7eb"
# Pixels. The legend uses the right margin.
WIDTH, HEIGHT, COLUMNS = 640, 300, 2
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 40, 34
DPI = 100


def draw_curves(panels: Mapping[str, Lines]) -> Image.Image:
    """Draw one panel per group of lines, two panels per row.

    The legend shows the last value of each line. Points that are not finite are skipped.

    Args:
        panels: maps panel title and line label to points (x, y), sorted by x. A panel without
            points is empty; without panels the image is one empty panel.

    Returns:
        RGB image, 640 × 300 pixels per panel.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "plot", "Drawing curves") from error
    shown = panels or {"": {}}
    columns = min(COLUMNS, len(shown))
    rows = math.ceil(len(shown) / columns)
    width, height = columns * WIDTH, rows * HEIGHT
    figure = Figure((width / DPI, height / DPI), DPI)
    canvas = FigureCanvasAgg(figure)
    for index, (title, lines) in enumerate(shown.items()):
        row, column = divmod(index, columns)
        left, bottom = column * WIDTH + LEFT, height - (row + 1) * HEIGHT + BOTTOM
        size = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        axes = figure.add_axes((left / width, bottom / height, size[0] / width, size[1] / height))
        _draw_panel(axes, title, lines)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _draw_panel(axes: "Axes", title: str, lines: Lines) -> None:
    for index, (label, points) in enumerate(lines.items()):
        finite = [point for point in points if all(map(math.isfinite, point))]
        last = f"  {finite[-1][1]:.4g}" if finite else ""
        axes.plot(
            [x for x, _ in finite],
            [y for _, y in finite],
            color=COLORS[index % len(COLORS)],
            linewidth=1.5,
            marker="o",
            markersize=4,
            markevery=[-1] if finite else None,
            label=_plain(label + last),
        )
    axes.set_title(_plain(title), loc="left", fontsize=10, color=INK)
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    axes.tick_params(colors=MUTED, labelsize=8)
    axes.locator_params(axis="x", nbins=6)
    axes.locator_params(axis="y", nbins=5)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:,.6g}")
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(MUTED)
    if lines:
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(1.02, 1.03),
            frameon=False,
            fontsize=8,
            labelcolor=INK,
            handlelength=1,
            borderaxespad=0,
        )


def _plain(text: str) -> str:
    """Escape math markup, and a leading underscore, which hides a line from the legend."""
    escaped = text.replace("$", r"\$")
    return f" {escaped}" if escaped.startswith("_") else escaped
