import math

import numpy as np
import pytest
from PIL import Image, ImageColor

from reid_align.viz import draw_curves
from reid_align.viz.axis import Axis
from reid_align.viz.style import LINES


def pixels_of(image: Image.Image, color: str) -> np.ndarray:
    """Rows and columns of the pixels in a color, a little faded by smoothing."""
    distance = np.abs(np.asarray(image).astype(int) - ImageColor.getrgb(color)).max(-1)
    return np.argwhere(distance < 40)


def plotted(image: Image.Image, color: str) -> np.ndarray:
    """As `pixels_of`, without the legend."""
    places = pixels_of(image, color)
    return places[places[:, 1] < 475]


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.0, 10.0], [0, 2, 4, 6, 8, 10]),
        ([0.3, 9.2], [0, 2, 4, 6, 8, 10]),
        ([-1.0, 1.0], [-1, -0.5, 0, 0.5, 1]),
        ([8e-6, 8e-4], [0, 2e-4, 4e-4, 6e-4, 8e-4]),
        ([5.0], [2, 3, 4, 5, 6, 7, 8]),
        ([0.0, 0.0], [-0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6]),
        ([], [0, 0.2, 0.4, 0.6, 0.8, 1]),
    ],
)
def test_ticks_are_round_and_enclose_the_values(values: list[float], ticks: list[float]) -> None:
    axis = Axis.around(values, 5)
    assert axis.ticks() == pytest.approx(ticks)
    assert all(0 <= axis.share(value) <= 1 for value in values)


@pytest.mark.parametrize(
    ("high", "labels"),
    [
        (4000.0, ["0", "1,000", "2,000", "3,000", "4,000"]),
        (1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (4e-7, ["0", "1e-07", "2e-07", "3e-07", "4e-07"]),
    ],
)
def test_labels_have_the_digits_that_tell_ticks_apart(high: float, labels: list[str]) -> None:
    axis = Axis.around([0.0, high], 5)
    assert [axis.label(tick) for tick in axis.ticks()] == labels


def test_a_falling_line_falls_across_the_whole_panel() -> None:
    image = draw_curves({"loss": {"main": [(x, 10.0 - x) for x in range(11)]}})
    assert (image.size, image.mode) == ((640, 300), "RGB")
    places = plotted(image, LINES[0])
    left, right = places[places[:, 1].argmin()], places[places[:, 1].argmax()]
    assert left == pytest.approx([40, 70], abs=3)
    assert right == pytest.approx([266, 470], abs=4)


def test_every_line_has_its_color_and_an_entry_in_the_legend() -> None:
    lines = {f"line {i}": [(0.0, float(i)), (1.0, i + 1.0)] for i in range(3)}
    image = draw_curves({"panel": lines})
    for color in LINES[:3]:
        assert len(plotted(image, color)) > 300
        assert len(pixels_of(image, color)) > len(plotted(image, color)) + 20
    assert not len(pixels_of(image, LINES[3]))


def test_the_legend_states_the_last_value() -> None:
    def legend(last: float) -> np.ndarray:
        points = {"main": [(0.0, 0.0), (1.0, 10.0), (2.0, last)]}
        return np.asarray(draw_curves({"panel": points}))[:, 500:]

    assert (legend(3.0) != legend(4.0)).any()
    assert (legend(3.0) == legend(3.00001)).all()


def test_panels_lie_beside_and_below_each_other() -> None:
    panel = {"main": [(0.0, 0.0), (1.0, 1.0)]}
    assert draw_curves({name: panel for name in "abc"}).size == (1280, 600)
    assert draw_curves({"a": panel, "b": panel}).size == (1280, 300)
    assert draw_curves({}).size == draw_curves({"empty": {}}).size == (640, 300)


def test_numbers_that_are_not_finite_leave_the_rest_as_it_is() -> None:
    points = [(0.0, 4.0), (1.0, 3.0), (3.0, 1.0)]
    broken = [*points[:2], (2.0, math.nan), (2.5, math.inf), *points[2:]]
    whole = draw_curves({"loss": {"main": points}})
    assert np.array_equal(whole, draw_curves({"loss": {"main": broken}}))
    only_broken = draw_curves({"loss": {"main": [(0.0, math.nan)]}})
    assert not len(plotted(only_broken, LINES[0]))


def test_one_point_is_a_dot() -> None:
    places = plotted(draw_curves({"loss": {"main": [(3.0, 5.0)]}}), LINES[0])
    assert 10 < len(places) < 60
    assert places.mean(0) == pytest.approx([153, 270], abs=2)
