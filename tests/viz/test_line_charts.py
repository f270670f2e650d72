import math
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageColor

from reid_align.errors import MissingExtraError
from reid_align.viz import draw_curves
from reid_align.viz.line_charts import COLORS

LEGEND = 475


def pixels_of(image: Image.Image, color: str) -> np.ndarray:
    """Return rows and columns of the pixels close to a color."""
    distance = np.abs(np.asarray(image).astype(int) - ImageColor.getrgb(color)).max(-1)
    return np.argwhere(distance < 40)


def plotted(image: Image.Image, color: str) -> np.ndarray:
    """Return `pixels_of` without the legend."""
    places = pixels_of(image, color)
    return places[places[:, 1] < LEGEND]


def test_a_falling_line_spans_the_panel() -> None:
    image = draw_curves({"loss": {"main": [(x, 10.0 - x) for x in range(11)]}})
    assert (image.size, image.mode) == ((640, 300), "RGB")
    places = plotted(image, COLORS[0])
    left, right = places[places[:, 1].argmin()], places[places[:, 1].argmax()]
    # Matplotlib leaves margins of 5 % around the data.
    assert left == pytest.approx([50, 88], abs=4)
    assert right == pytest.approx([256, 455], abs=4)


def test_each_line_has_a_color_and_a_legend_entry() -> None:
    lines = {f"line {i}": [(0.0, float(i)), (1.0, i + 1.0)] for i in range(3)}
    image = draw_curves({"panel": lines})
    for color in COLORS[:3]:
        assert len(plotted(image, color)) > 200
        assert len(pixels_of(image, color)) > len(plotted(image, color)) + 10
    assert not len(pixels_of(image, COLORS[3]))


@pytest.mark.parametrize("label", ["a $ and another $", "_hidden", "x_1^2"])
def test_labels_are_plain_text(label: str) -> None:
    image = draw_curves({label: {label: [(0.0, 0.0), (1.0, 1.0)]}})
    assert len(pixels_of(image, COLORS[0])) > len(plotted(image, COLORS[0])) + 10


def test_the_legend_shows_the_last_value() -> None:
    def legend(last: float) -> np.ndarray:
        points = {"main": [(0.0, 0.0), (1.0, 10.0), (2.0, last)]}
        return np.asarray(draw_curves({"panel": points}))[:, 500:]

    assert (legend(3.0) != legend(4.0)).any()
    assert (legend(3.0) == legend(3.00001)).all()


def test_panels_are_arranged_in_two_columns() -> None:
    panel = {"main": [(0.0, 0.0), (1.0, 1.0)]}
    assert draw_curves({name: panel for name in "abc"}).size == (1280, 600)
    assert draw_curves({"a": panel, "b": panel}).size == (1280, 300)
    assert draw_curves({}).size == draw_curves({"empty": {}}).size == (640, 300)


def test_the_first_panel_is_at_the_top_left() -> None:
    panel = {"main": [(0.0, 0.0), (1.0, 1.0)]}
    image = draw_curves({"a": panel, "b": {}, "c": {}})
    rows, columns = pixels_of(image, COLORS[0]).T
    assert rows.max() < 300
    assert columns.max() < 640


def test_nonfinite_points_are_skipped() -> None:
    points = [(0.0, 4.0), (1.0, 3.0), (3.0, 1.0)]
    broken = [*points[:2], (2.0, math.nan), (2.5, math.inf), *points[2:]]
    whole = draw_curves({"loss": {"main": points}})
    assert np.array_equal(whole, draw_curves({"loss": {"main": broken}}))
    only_broken = draw_curves({"loss": {"main": [(0.0, math.nan)]}})
    assert not len(plotted(only_broken, COLORS[0]))


@pytest.mark.parametrize("scale", [1e-30, 1e-7, 1e-3, 1.0, 1e6, 1e30])
def test_values_of_any_scale_are_drawn(scale: float) -> None:
    image = draw_curves({"loss": {"main": [(x, scale * x) for x in range(5)]}})
    assert len(plotted(image, COLORS[0])) > 200


def test_one_point_is_a_dot() -> None:
    places = plotted(draw_curves({"loss": {"main": [(3.0, 5.0)]}}), COLORS[0])
    assert 5 < len(places) < 60
    assert places.mean(0) == pytest.approx([153, 270], abs=3)


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("matplotlib.figure", "matplotlib.backends.backend_agg"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"needs the package 'matplotlib'.*\[plot\]"):
        draw_curves({})


def test_importing_viz_does_not_load_matplotlib() -> None:
    code = "import sys, reid_align.viz; print('matplotlib' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
