import numpy as np
import pytest
import torch
from PIL import Image

from reid_align.errors import InvalidInputError
from reid_align.uv import IUV
from reid_align.viz import contact_sheet, draw_iuv, texture_pixels


def test_textures_are_scaled_to_pixels_and_clamped() -> None:
    values = torch.tensor([-2.0, -1.0, 0.0, 1.0, 3.0, float("nan")])
    texture = values.view(1, 1, 1, 6).repeat(2, 3, 4, 1)
    texture[:, 0] = 1.0
    pixels = texture_pixels(texture)
    assert pixels.shape == (2, 4, 6, 3)
    assert pixels[1, 2, :, 1].tolist() == [0, 0, 128, 255, 255, 0]
    assert (pixels[..., 0] == 255).all()


@pytest.mark.parametrize(
    "textures",
    [
        torch.zeros(3, 4, 4),
        torch.zeros(1, 4, 4, 3),
        torch.zeros(1, 3, 4, 4, dtype=torch.uint8),
    ],
)
def test_other_textures_are_refused(textures: torch.Tensor) -> None:
    with pytest.raises(InvalidInputError, match=r"\(N, 3, H, W\)"):
        texture_pixels(textures)


def all_parts() -> IUV:
    planes = torch.zeros(3, 1, 25, dtype=torch.uint8)
    planes[0, 0] = torch.arange(25)
    return IUV(planes)


def test_each_part_has_a_distinct_color() -> None:
    colors = [tuple(pixel) for pixel in np.asarray(draw_iuv(all_parts()))[0].tolist()]
    assert colors[0] == (255, 255, 255)
    assert len(set(colors)) == 25
    gaps = [np.abs(np.subtract(a, b)).max() for i, a in enumerate(colors) for b in colors[:i]]
    assert min(gaps) >= 30


def test_the_checkerboard_follows_the_chart() -> None:
    planes = torch.full((3, 256, 256), 2, dtype=torch.uint8)
    planes[1] = torch.arange(256, dtype=torch.uint8)[:, None]
    planes[2] = torch.arange(256, dtype=torch.uint8)
    red = np.asarray(draw_iuv(IUV(planes)))[..., 0]
    squares = red[32::64, 32::64]
    assert squares.shape == (4, 4)
    assert len(np.unique(red)) == 2
    assert squares[0, 0] != squares[0, 1]
    assert squares[0, 1] != squares[1, 1]
    for row in range(4):
        for column in range(4):
            square = red[64 * row : 64 * row + 64, 64 * column : 64 * column + 64]
            assert (square == squares[row, column]).all()


def test_the_image_is_blended_with_the_body_and_fills_the_background() -> None:
    image = np.full((1, 25, 3), 200, np.uint8)
    plain, over = np.asarray(draw_iuv(all_parts())), np.asarray(draw_iuv(all_parts(), image))
    assert over[0, 0].tolist() == [200, 200, 200]
    np.testing.assert_allclose(over[0, 1:], 0.7 * plain[0, 1:] + 60, atol=1.1)


def test_batches_and_images_of_another_size_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="one map at a time"):
        draw_iuv(IUV(torch.zeros(1, 3, 4, 4, dtype=torch.uint8)))
    with pytest.raises(InvalidInputError, match="must match"):
        draw_iuv(all_parts(), np.zeros((2, 25, 3), np.uint8))


def strip(*colors: str, size: tuple[int, int] = (20, 40)) -> list[Image.Image]:
    return [Image.new("RGB", size, color) for color in colors]


def test_a_sheet_shows_strips_in_order() -> None:
    strips = [strip("red", "lime"), strip("blue", "black"), strip("red", "red")]
    sheet = np.asarray(contact_sheet(strips, height=40))
    assert sheet.shape == (2 * 48 + 8, 2 * 48 + 8, 3)
    assert sheet[28, 18].tolist() == [255, 0, 0]
    assert sheet[28, 38].tolist() == [0, 255, 0]
    assert sheet[28, 66].tolist() == [0, 0, 255]
    assert sheet[28, 86].tolist() == [0, 0, 0]
    assert sheet[76, 18].tolist() == [255, 0, 0]
    assert sheet[76, 66].tolist() == [255, 255, 255]


def test_images_are_scaled_to_one_height_and_keep_their_aspect_ratio() -> None:
    sheet = contact_sheet([strip("red", size=(400, 800)), strip("blue", size=(2, 4))], height=40)
    pixels = np.asarray(sheet).reshape(-1, 3).tolist()
    assert pixels.count([255, 0, 0]) == pixels.count([0, 0, 255]) == 40 * 20


def test_captions_fit_below_their_strips() -> None:
    strips = [strip("red")] * 2
    plain = contact_sheet(strips, ["", ""], height=40)
    named = contact_sheet(strips, ["a" * 500, "\udcff\n"], height=40)
    assert plain.size == named.size
    changed = np.argwhere((np.asarray(plain) != np.asarray(named)).any(-1))
    assert len(changed)
    assert changed[:, 0].min() >= 48
    # The gap between the captions is empty.
    assert not ((changed[:, 1] >= 28) & (changed[:, 1] < 36)).any()


def test_an_empty_sheet_is_an_image() -> None:
    assert min(contact_sheet([]).size) > 0
    assert min(contact_sheet([[]]).size) > 0


def test_missing_captions_and_zero_heights_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="1 captions for 2 strips"):
        contact_sheet([strip("red"), strip("blue")], ["one"])
    with pytest.raises(InvalidInputError, match="at least 1"):
        contact_sheet([strip("red")], height=0)
