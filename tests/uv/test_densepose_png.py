from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.uv import align_charts, possible_orders, read_densepose

Array = NDArray[np.uint8]


@pytest.fixture
def iuv() -> Array:
    """(I, U, V) of an image with each part once and background on the left."""
    image = np.zeros((2, 13, 3), np.uint8)
    image[:, 1:, 0] = np.arange(1, 25).reshape(2, 12)
    image[:, 1:, 1] = 10 + np.arange(24).reshape(2, 12)
    image[:, 1:, 2] = 220 - np.arange(24).reshape(2, 12)
    return image


@pytest.fixture
def opencv_file(iuv: Array, tmp_path: Path) -> Path:
    """OpenCV writes the first channel as blue, which is last in the file."""
    path = tmp_path / "person_IUV.png"
    Image.fromarray(np.ascontiguousarray(iuv[..., ::-1])).save(path)
    return path


def save_instances(tmp_path: Path, people: Array) -> Path:
    path = tmp_path / "person_INDS.png"
    Image.fromarray(people).save(path)
    return path


def test_literal_charts_of_an_opencv_file(iuv: Array, opencv_file: Path) -> None:
    found = read_densepose(opencv_file, "vui", lr_align=False)
    assert np.array_equal(found.planes.permute(1, 2, 0).numpy(), iuv)


def test_both_channel_orders_give_the_same_map(
    iuv: Array, opencv_file: Path, tmp_path: Path
) -> None:
    Image.fromarray(iuv).save(tmp_path / "direct.png")
    direct = read_densepose(tmp_path / "direct.png", "iuv")
    assert np.array_equal(direct.planes, read_densepose(opencv_file, "vui").planes)


def test_aligning_flips_u_of_parts_4_6_and_24_and_nothing_else(
    iuv: Array, opencv_file: Path
) -> None:
    expected = iuv.copy()
    for part in (4, 6, 24):
        where = iuv[..., 0] == part
        expected[where, 1] = 255 - iuv[where, 1]
    found = read_densepose(opencv_file, "vui")
    assert np.array_equal(found.planes.permute(1, 2, 0).numpy(), expected)


def test_aligning_twice_gives_the_literal_charts_back(opencv_file: Path) -> None:
    literal = read_densepose(opencv_file, "vui", lr_align=False)
    assert np.array_equal(align_charts(align_charts(literal)).planes, literal.planes)


def test_background_pixels_lose_their_coordinates(iuv: Array, tmp_path: Path) -> None:
    iuv[:, 0] = (0, 77, 88)
    Image.fromarray(iuv).save(tmp_path / "map.png")
    assert not read_densepose(tmp_path / "map.png", "iuv").planes[:, :, 0].any()


def test_possible_orders_depend_on_the_values(iuv: Array) -> None:
    assert possible_orders(iuv) == ("iuv",)
    assert possible_orders(iuv[..., ::-1]) == ("vui",)
    assert possible_orders(np.zeros((2, 2, 3), np.uint8)) == ("iuv", "vui")
    assert possible_orders(np.full((2, 2, 3), 25, np.uint8)) == ()


def test_the_wrong_order_is_refused_with_the_right_one(opencv_file: Path) -> None:
    reason = r"person_IUV\.png: with channels='iuv', part numbers go up to 220.*channels='vui'"
    with pytest.raises(ImageReadError, match=reason):
        read_densepose(opencv_file, "iuv")


def test_a_photo_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4, 3), 200, np.uint8)).save(tmp_path / "photo.png")
    with pytest.raises(ImageReadError, match="not a dense pose map"):
        read_densepose(tmp_path / "photo.png", "vui")


def test_an_unknown_order_is_refused(opencv_file: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"unknown channels 'bgr'\. Choose one of iuv, vui"):
        read_densepose(opencv_file, "bgr")


def test_an_image_without_a_person_gives_an_empty_map(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((6, 4, 3), np.uint8)).save(tmp_path / "map.png")
    people = save_instances(tmp_path, np.zeros((6, 4), np.uint8))
    for instances in (None, people):
        found = read_densepose(tmp_path / "map.png", "vui", instances)
        assert found.planes.shape == (3, 6, 4)
        assert bool(found.is_empty)


def test_the_larger_of_two_people_is_kept(iuv: Array, opencv_file: Path, tmp_path: Path) -> None:
    people = np.where(iuv[..., 0] > 0, 3, 0).astype(np.uint8)
    people[:, :4][people[:, :4] > 0] = 9
    found = read_densepose(opencv_file, "vui", save_instances(tmp_path, people), lr_align=False)
    expected = np.where((people == 3)[..., None], iuv, 0)
    assert np.array_equal(found.planes.permute(1, 2, 0).numpy(), expected)


def test_an_instance_map_of_another_size_is_refused(opencv_file: Path, tmp_path: Path) -> None:
    people = save_instances(tmp_path, np.zeros((13, 2), np.uint8))
    with pytest.raises(ImageReadError, match=r"INDS\.png: it has \(13, 2\) pixels"):
        read_densepose(opencv_file, "vui", people)


def test_an_instance_map_with_colors_is_refused(opencv_file: Path) -> None:
    with pytest.raises(ImageReadError, match="must be a PNG of mode L"):
        read_densepose(opencv_file, "vui", opencv_file)
