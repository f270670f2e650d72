"""CMC and ROC curves of one or several encoders. Needs matplotlib (extra ``plot``)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image

from reid_align.errors import MissingExtraError
from reid_align.viz.line_charts import COLORS, DPI, GRID, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rates = Sequence[float]
RocPoints = Sequence[tuple[float, float]]
LegendPlace = Literal["lower right", "upper left"]

_PANEL_WIDTH, _HEIGHT = 560, 440
_LINE_STYLES = ("-", "--", ":", "-.")


def draw_rate_curves(cmc: Mapping[str, Rates], roc: Mapping[str, RocPoints]) -> Image.Image:
    """Draw CMC curves, ROC curves, or both side by side.

    Args:
        cmc: for each label, the rank-1, rank-2, … accuracy in [0, 1].
        roc: for each label, false and true positive rates in [0, 1], ascending. False positive
            rates of 0 are drawn at the left edge of the logarithmic axis.

    Returns:
        RGB image, 560 × 440 pixels per panel; without curves, one empty panel.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "plot", "Drawing curves") from error
    count = max(1, bool(cmc) + bool(roc))
    size = count * _PANEL_WIDTH / DPI, _HEIGHT / DPI
    figure = Figure(size, DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    panels = list(np.ravel(figure.subplots(1, count)))
    if cmc:
        _draw_cmc(panels.pop(0), cmc)
    if roc:
        _draw_roc(panels.pop(0), roc)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _draw_cmc(axes: "Axes", curves: Mapping[str, Rates]) -> None:
    for index, (label, rates) in enumerate(curves.items()):
        ranks = np.arange(1, len(rates) + 1)
        name = f"{_shown(label)}, rank-1 {100 * rates[0]:.1f} %" if rates else _shown(label)
        axes.plot(ranks, 100 * np.asarray(rates), label=name, **_style(index))
    _finish(axes, "CMC", "rank", "queries with a match, %", "lower right")


def _draw_roc(axes: "Axes", curves: Mapping[str, RocPoints]) -> None:
    positive = [false for points in curves.values() for false, _ in points if false > 0]
    floor = min(positive, default=1e-6) / 2
    for index, (label, points) in enumerate(curves.items()):
        false, true = np.asarray(points, np.float64).reshape(-1, 2).T
        axes.plot(100 * np.maximum(false, floor), 100 * true, label=_shown(label), **_style(index))
    axes.set_xscale("log")
    axes.set_xlim(100 * floor, 100)
    title = "ROC: pairs of the same identity"
    _finish(axes, title, "false positive rate, %", "true positive rate, %", "upper left")


def _style(index: int) -> dict[str, Any]:
    # The line style tells the curves apart without color.
    return {
        "color": COLORS[index % len(COLORS)],
        "linestyle": _LINE_STYLES[index % len(_LINE_STYLES)],
        "linewidth": 1.5,
    }


def _finish(axes: "Axes", title: str, x_label: str, y_label: str, place: LegendPlace) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_xlabel(x_label, fontsize=8, color=MUTED)
    axes.set_ylabel(y_label, fontsize=8, color=MUTED)
    axes.set_ylim(0, 102)
    axes.grid(color=GRID)
    axes.set_axisbelow(True)
    axes.tick_params(colors=MUTED, labelsize=8)
    for spine in axes.spines.values():
        spine.set_color(GRID)
    axes.legend(loc=place, fontsize=8, labelcolor=INK, frameon=False)


def _shown(label: str) -> str:
    """Escape math markup, and a leading underscore, which hides a line from the legend."""
    escaped = label.replace("$", r"\$")
    return f" {escaped}" if escaped.startswith("_") else escaped
