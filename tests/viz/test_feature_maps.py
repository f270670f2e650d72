"""2-D maps of features, thumbnail scatters, heat overlays and grids of part images."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align.errors import InvalidInputError, MissingExtraError
from reid_align.uv import IUV
from reid_align.viz import draw_part_images, heat_overlay, map_positions, thumbnail_scatter

ROOT = Path(__file__).parents[2]
GROUPS = """
import numpy as np
from reid_align.viz import map_positions

random = np.random.default_rng(0)
centers = random.normal(size=(3, 32))
features = np.concatenate([center + 0.1 * random.normal(size=(4, 32)) for center in centers])
first, again = map_positions(features, 5, 3), map_positions(features, 5, 3)
assert np.array_equal(first, again)
assert first.shape == (12, 2) and first.min() == 0 and first.max() == 1
distances = np.linalg.norm(first[:, None] - first, axis=-1)
same = np.arange(12)[:, None] // 4 == np.arange(12) // 4
assert distances[same].max() < distances[~same].min(), distances
"""


@pytest.mark.slow
def test_groups_stay_together_and_a_seed_is_reproducible() -> None:
    # In another process without compilation, which takes 20 s.
    subprocess.run(
        [sys.executable, "-c", GROUPS],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
        check=True,
    )


@pytest.mark.parametrize(
    ("features", "neighbors", "message"),
    [
        (np.zeros((4, 3)), 15, "at least 5 images"),
        (np.zeros(9), 15, "at least 5 images"),
        (np.full((9, 3), np.nan), 15, "NaN or infinity"),
        (np.zeros((9, 3)), 1, "neighbors is 1"),
    ],
)
def test_features_without_a_map_are_refused(
    features: np.ndarray, neighbors: int, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        map_positions(features, 0, neighbors)


def test_without_umap_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingExtraError, match=r"pip install umap-learn .*\[map\]"):
        map_positions(np.eye(9))


@pytest.fixture
def red(tmp_path: Path) -> str:
    Image.new("RGB", (32, 64), (255, 0, 0)).save(tmp_path / "red.png")
    return str(tmp_path / "red.png")


def share_of(image: Image.Image, color: tuple[int, int, int]) -> int:
    return int((np.asarray(image) == color).all(-1).sum())


def test_thumbnails_do_not_cover_each_other(red: str) -> None:
    scatter = thumbnail_scatter(np.full((4, 2), 0.5), [red] * 4)
    assert scatter.size == (700, 525)
    covered = 200  # by the dots and the lines to them
    assert 4 * 32 * 64 - covered <= share_of(scatter, (255, 0, 0)) <= 4 * 32 * 64
    crowded = thumbnail_scatter(np.full((60, 2), 0.5), [red] * 60)
    assert share_of(crowded, (255, 0, 0)) < 30 * 32 * 64


def test_images_that_cannot_be_read_have_a_dot(red: str) -> None:
    positions = np.array([[0.0, 0.0], [1.0, 1.0]])
    scatter = np.asarray(thumbnail_scatter(positions, ["gone.png", red]))
    # y points upward: the first is at the lower left, the second at the upper right.
    assert scatter[525 - 60, 60].tolist() == [0x9C, 0xA3, 0xAF]
    assert (scatter[:120, 580:] == (255, 0, 0)).all(-1).any()
    assert not (scatter[300:, :350] == (255, 0, 0)).all(-1).any()


def test_labels_have_colors_and_a_legend(red: str) -> None:
    positions = np.random.default_rng(0).random((20, 2))
    few = thumbnail_scatter(positions, [red] * 20, [str(i % 2) for i in range(20)], "camera")
    assert few.width == 900
    assert share_of(few, (0x00, 0x72, 0xB2)) > 100
    assert share_of(few, (0xD5, 0x5E, 0x00)) > 100
    many = thumbnail_scatter(positions, [red] * 20, [str(i) for i in range(20)], "person_id")
    unknown = thumbnail_scatter(positions, [red] * 20, [None] * 20, "camera")
    assert share_of(many, (0x00, 0x72, 0xB2)) == 0
    assert share_of(unknown, (0x9C, 0xA3, 0xAF)) > 100


def test_scatter_input_is_checked(red: str) -> None:
    with pytest.raises(InvalidInputError, match="2 files and 3 labels"):
        thumbnail_scatter(np.zeros((2, 2)), [red] * 2, ["a", "b", "c"])
    with pytest.raises(InvalidInputError, match=r"must be in \[0, 1\]"):
        thumbnail_scatter(np.full((1, 2), 1.5), [red])
    assert thumbnail_scatter(np.zeros((0, 2)), []).size == (700, 525)


def test_heat_is_orange_where_positive_and_blue_where_negative() -> None:
    image = np.full((60, 30, 3), 200, np.uint8)
    values = np.array([[1.0], [0.0], [-1.0]])
    overlay = np.asarray(heat_overlay(image, values)).astype(int)
    top, bottom = overlay[2, 15], overlay[57, 15]
    assert top[0] > top[2] + 100
    assert bottom[2] > bottom[0] + 100
    assert overlay[30, 15] == pytest.approx(np.full(3, 200), abs=6)
    # Twice the limit: half the color.
    weak = np.asarray(heat_overlay(image, values, limit=2.0)).astype(int)[2, 15]
    assert weak == pytest.approx((top + 200) / 2, abs=12)
    assert (np.asarray(heat_overlay(image, np.zeros((2, 2)))) == 200).all()
    with pytest.raises(InvalidInputError, match="Pass finite values"):
        heat_overlay(image, np.full((2, 2), np.nan))


def test_part_images_are_in_the_order_of_the_part_numbers() -> None:
    image = np.zeros((4, 24, 3), np.uint8)
    image[:] = np.arange(24, dtype=np.uint8)[None, :, None] * 10
    planes = torch.zeros(3, 4, 24, dtype=torch.uint8)
    planes[0] = torch.arange(1, 25, dtype=torch.uint8)
    grid = np.asarray(draw_part_images(image, IUV(planes), size=8))
    assert grid.shape == (4 * 9 + 1, 6 * 9 + 1, 3)
    for number in range(24):
        row, column = divmod(number, 6)
        assert grid[1 + row * 9, 1 + column * 9].tolist() == [number * 10] * 3
    assert grid[5, 5].tolist() == [228, 230, 234]
