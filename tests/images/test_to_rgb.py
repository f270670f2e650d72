"""Conversion of every pixel mode to 8-bit RGB; expected values are computed without Pillow."""

import io
from pathlib import Path

import numpy as np
import pytest
from handmade import decode, png, png_chunk, saved, tiff_gray
from numpy.typing import NDArray
from PIL import Image

from reid_align.errors import ImageReadError
from reid_align.images import to_rgb

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
COLORS = np.random.default_rng(0).integers(0, 256, (13, 9, 3), dtype=np.uint8)


def gray(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([values] * 3, axis=2)


def over_white(colors: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.float64]:
    share = alpha[..., np.newaxis] / 255
    return np.rint(colors * share + 255 * (1 - share))


@pytest.mark.parametrize("image_format", ["PNG", "BMP", "DIB", "PPM", "TIFF"])
def test_rgb_and_gray_are_kept(tmp_path: Path, image_format: str) -> None:
    rgb = decode(tmp_path, saved(Image.fromarray(COLORS), image_format))
    np.testing.assert_array_equal(rgb, COLORS)
    rgb = decode(tmp_path, saved(Image.fromarray(RAMP), image_format))
    np.testing.assert_array_equal(rgb, gray(RAMP))


@pytest.mark.parametrize("image_format", ["PNG", "BMP", "DIB", "PPM", "TIFF", "GIF"])
def test_black_and_white_become_0_and_255(tmp_path: Path, image_format: str) -> None:
    bits = COLORS[..., 0] > 127
    rgb = decode(tmp_path, saved(Image.fromarray(bits), image_format))
    np.testing.assert_array_equal(rgb, gray(np.where(bits, 255, 0).astype(np.uint8)))


@pytest.mark.parametrize("image_format", ["PNG", "GIF", "BMP", "TIFF"])
def test_palette_images_become_rgb(tmp_path: Path, image_format: str) -> None:
    image = Image.fromarray(RAMP).convert("P")
    palette = np.random.default_rng(1).integers(0, 256, (256, 3), dtype=np.uint8)
    image.putpalette(palette.tobytes())
    rgb = decode(tmp_path, saved(image, image_format))
    np.testing.assert_array_equal(rgb, palette[RAMP])


def test_transparent_palette_entries_become_white(tmp_path: Path) -> None:
    image = Image.fromarray(RAMP).convert("P")
    palette = np.random.default_rng(2).integers(0, 256, (256, 3), dtype=np.uint8)
    image.putpalette(palette.tobytes())
    alpha = RAMP[::-1].reshape(-1)
    rgb = decode(tmp_path, saved(image, "PNG", transparency=alpha.tobytes()))
    np.testing.assert_array_equal(rgb, over_white(palette[RAMP], alpha[RAMP]))
    rgb = decode(tmp_path, saved(image, "GIF", transparency=200))
    np.testing.assert_array_equal(rgb, over_white(palette[RAMP], np.uint8(255) * (RAMP != 200)))


def test_transparent_areas_become_white(tmp_path: Path) -> None:
    value, alpha = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    expected = over_white(gray(value), alpha)
    rgba = np.dstack([gray(value), alpha])
    np.testing.assert_array_equal(decode(tmp_path, png(rgba)), expected)
    np.testing.assert_array_equal(decode(tmp_path, png(rgba[..., 2:])), expected)
    np.testing.assert_array_equal(to_rgb(Image.fromarray(rgba)), expected)


def test_one_transparent_color_becomes_white(tmp_path: Path) -> None:
    rgb = decode(tmp_path, png(RAMP[..., np.newaxis], transparency=b"\x00\x07"))
    np.testing.assert_array_equal(rgb, gray(np.where(RAMP == 7, 255, RAMP).astype(np.uint8)))
    red, green, blue = (int(value) for value in COLORS[3, 4])
    data = png(COLORS, transparency=bytes([0, red, 0, green, 0, blue]))
    expected = COLORS.copy()
    expected[3, 4] = 255
    np.testing.assert_array_equal(decode(tmp_path, data), expected)


def test_sixteen_bits_keep_their_high_byte(tmp_path: Path) -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    opaque = np.full_like(values, 65535)
    expected = gray((np.arange(65536) // 256).astype(np.uint8).reshape(256, 256))
    color = np.concatenate([values] * 3, axis=2)
    for channels in (values, np.dstack([values, opaque]), color, np.dstack([color, opaque])):
        np.testing.assert_array_equal(decode(tmp_path, png(channels)), expected)
    image = Image.fromarray(values[..., 0])
    for options in ({}, {"compression": "tiff_deflate"}):
        np.testing.assert_array_equal(decode(tmp_path, saved(image, "TIFF", **options)), expected)
    pgm = b"P5 256 256 65535\n" + values.astype(">u2").tobytes()
    np.testing.assert_array_equal(decode(tmp_path, pgm), expected)


def test_a_transparent_value_of_sixteen_bits_becomes_white(tmp_path: Path) -> None:
    values = np.array([[[0x1234], [0x1235]]], np.uint16)
    rgb = decode(tmp_path, png(values, transparency=b"\x12\x34"))
    assert rgb[..., 0].tolist() == [[255, 0x12]]


def test_twelve_bits_are_scaled(tmp_path: Path) -> None:
    packed = bytes([0x00, 0x0F, 0xFF, 0x80, 0x04, 0x00])  # 0x000 0xFFF, 0x800 0x400
    rgb = decode(tmp_path, tiff_gray(2, 2, 12, packed))
    assert rgb[..., 0].tolist() == [[0, 255], [128, 64]]


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B", "I"])
def test_sixteen_bits_in_memory(mode: str) -> None:
    image = Image.new(mode, (3, 1))
    for x, value in enumerate((0, 0x1234, 0xFFFF)):
        image.putpixel((x, 0), value)
    assert to_rgb(image)[0].tolist() == [[0] * 3, [0x12] * 3, [0xFF] * 3]


def test_a_portable_gray_map_of_another_depth_is_scaled(tmp_path: Path) -> None:
    assert decode(tmp_path, b"P5 3 1 1023\n\0\0\x02\0\x03\xff")[0, :, 0].tolist() == [0, 128, 255]
    assert decode(tmp_path, b"P2 3 1 15\n0 8 15\n")[0, :, 0].tolist() == [0, 136, 255]


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBA", "RGBa"])
def test_fully_transparent_is_white_in_every_mode(mode: str) -> None:
    assert to_rgb(Image.new(mode, (2, 3))).min() == 255


def test_premultiplied_alpha_is_supported() -> None:
    assert to_rgb(Image.new("RGBa", (1, 1), (64, 0, 0, 128)))[0, 0].tolist() == [191, 127, 127]
    assert to_rgb(Image.new("La", (1, 1), (64, 128)))[0, 0].tolist() == [191, 191, 191]


def test_unused_fourth_bytes_are_not_alpha() -> None:
    assert to_rgb(Image.new("RGBX", (1, 1), (1, 2, 3, 0)))[0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "CMYK", "I;16", "1"])
def test_the_array_is_a_writable_contiguous_copy(mode: str) -> None:
    image = Image.new(mode, (5, 4))
    before = image.tobytes()
    rgb = to_rgb(image)
    assert rgb.shape == (4, 5, 3)
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    rgb[:] = 77
    assert image.tobytes() == before
    assert image.mode == mode


def test_floating_point_pixels_are_refused(tmp_path: Path) -> None:
    image = Image.new("F", (2, 2), 0.5)
    with pytest.raises(ImageReadError, match=r"^mine: .*floating point.*save it with 8 bits"):
        to_rgb(image, "mine")
    with pytest.raises(ImageReadError, match="floating point"):
        decode(tmp_path, saved(image, "TIFF"))


@pytest.mark.parametrize("value", [-1, 65536])
def test_integers_beyond_sixteen_bits_are_refused(tmp_path: Path, value: int) -> None:
    image = Image.new("I", (2, 2), value)
    with pytest.raises(ImageReadError, match="more than 16 bits"):
        decode(tmp_path, saved(image, "TIFF"))


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_an_image_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ImageReadError, match=rf"^mine: .*no pixels \({size[0]} x {size[1]}\)"):
        to_rgb(Image.new("RGB", size), "mine")


def test_a_closed_or_unloadable_image_is_named() -> None:
    image = Image.new("RGB", (2, 2))
    image.close()
    with pytest.raises(ImageReadError, match=r"^image in memory: "):
        to_rgb(image)
    with (
        Image.open(io.BytesIO(saved(Image.fromarray(COLORS), "PNG")[:90])) as cut,
        pytest.raises(ImageReadError, match=r"^mine: it is damaged, incomplete"),
    ):
        to_rgb(cut, "mine")


def test_a_lazily_opened_image_is_loaded(tmp_path: Path) -> None:
    Image.fromarray(COLORS).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(to_rgb(image), COLORS)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_is_used(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "lime", "blue")]
    lossless = {"lossless": True} if kind == "WEBP" else {}
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], **lossless)
    assert (decode(tmp_path, data) == [255, 0, 0]).all()


def test_lossless_webp_with_alpha(tmp_path: Path) -> None:
    data = saved(Image.fromarray(COLORS), "WEBP", lossless=True)
    np.testing.assert_array_equal(decode(tmp_path, data), COLORS)
    rgba = np.dstack([COLORS, COLORS[::-1, :, 0]])
    data = saved(Image.fromarray(rgba), "WEBP", lossless=True, exact=True)
    np.testing.assert_array_equal(decode(tmp_path, data), over_white(COLORS, rgba[..., 3]))


def test_data_after_a_png_image_are_ignored(tmp_path: Path) -> None:
    data = png(COLORS)
    extra = png_chunk(b"tEXt", b"Comment\0caf\xe9") + png_chunk(b"zzZz", b"\0" * 50)
    np.testing.assert_array_equal(decode(tmp_path, data[:-12] + extra + data[-12:]), COLORS)
