"""Plot of a calibration: distances, probability and ROC. Needs matplotlib (extra ``plot``)."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from reid_align.calibration.calibration_record import Calibration
from reid_align.errors import MissingExtraError
from reid_align.viz.line_charts import COLORS, DPI, GRID, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT = 1500, 420
_SAME, _DIFFERENT, _LIMIT = COLORS[0], COLORS[1], COLORS[6]


def draw_calibration(calibration: Calibration) -> Image.Image:
    """Draw the distances of the pairs, the probability by distance, and the ROC.

    Returns:
        RGB image, 1500 × 420 pixels.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "plot", "Drawing curves") from error
    figure = Figure((_WIDTH / DPI, _HEIGHT / DPI), DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    distances, probability, roc = figure.subplots(1, 3)
    _draw_distances(distances, calibration)
    _draw_probability(probability, calibration)
    _draw_roc(roc, calibration)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _draw_distances(axes: "Axes", calibration: Calibration) -> None:
    shown = calibration.histogram
    edges = np.linspace(shown.low, shown.high, len(shown.same) + 1)
    groups = (("same identity", shown.same, _SAME), ("different", shown.different, _DIFFERENT))
    for label, counts, color in groups:
        share = 100 * np.array(counts) / max(sum(counts), 1)
        axes.stairs(share, edges, fill=True, alpha=0.45, color=color, label=label)
    _mark_threshold(axes, calibration)
    _style(axes, "Distances of the pairs", "cosine distance", "% of the pairs in a bin")
    axes.legend(frameon=False, fontsize=8, labelcolor=INK)


def _draw_probability(axes: "Axes", calibration: Calibration) -> None:
    distances = np.linspace(calibration.histogram.low, calibration.histogram.high, 500)
    axes.plot(distances, calibration.probabilities(distances), color=_SAME, label="prior 0.5")
    axes.plot(
        distances,
        calibration.probabilities(distances, prior=0.01),
        color=_SAME,
        linestyle="--",
        label="prior 0.01",
    )
    _mark_threshold(axes, calibration)
    axes.set_ylim(-0.02, 1.02)
    _style(axes, "Probability of the same identity", "cosine distance", "probability")
    axes.legend(frameon=False, fontsize=8, labelcolor=INK)


def _draw_roc(axes: "Axes", calibration: Calibration) -> None:
    false, true = 100 * np.array(calibration.roc).T
    floor = 100 / calibration.pairs.different
    axes.plot(np.maximum(false, floor), true, color=_SAME)
    for point in calibration.points:
        low, high = point.true_match_rate_interval
        rate = 100 * point.false_match_rate
        chosen = point.false_match_rate == calibration.false_match_rate
        axes.plot([rate, rate], [100 * low, 100 * high], color=MUTED, linewidth=2)
        axes.plot(
            rate, 100 * point.true_match_rate, "o", color=_LIMIT if chosen else _SAME, markersize=5
        )
    axes.set_xscale("log")
    axes.set_ylim(-2, 102)
    percent = 100 * calibration.bootstrap.confidence
    _style(
        axes,
        f"ROC, with {percent:g} % intervals; black: the threshold",
        "false match rate, %",
        "true match rate, %",
    )


def _mark_threshold(axes: "Axes", calibration: Calibration) -> None:
    label = f"threshold {calibration.threshold:.3f}"
    axes.axvline(calibration.threshold, color=_LIMIT, linewidth=1, label=label)


def _style(axes: "Axes", title: str, x_label: str, y_label: str) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_xlabel(x_label, fontsize=8, color=MUTED)
    axes.set_ylabel(y_label, fontsize=8, color=MUTED)
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    axes.tick_params(colors=MUTED, labelsize=8)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(MUTED)
