"""EXIF orientation in all formats that support it."""

import io
from pathlib import Path

import numpy as np
import pytest
from handmade import decode, exif, png, png_chunk, saved
from PIL import Image

from reid_align.images import to_rgb

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)

# Source: EXIF 2.32, tag 0x0112, in terms of what a viewer does to the stored image.
UPRIGHT = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.fliplr(np.rot90(a, -1)),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.fliplr(np.rot90(a, 1)),
    8: lambda a: np.rot90(a, 1),
}
ORIENTATION = 0x0112


def with_exif(image_format: str, block: bytes | Image.Exif, **options: object) -> bytes:
    return saved(Image.fromarray(PIXELS), image_format, exif=block, **options)


def test_the_expected_table_agrees_with_the_standard() -> None:
    # The standard gives the scene side of the first row and the first column for each value.
    sides = {
        1: ("top", "left"),
        2: ("top", "right"),
        3: ("bottom", "right"),
        4: ("bottom", "left"),
        5: ("left", "top"),
        6: ("right", "top"),
        7: ("right", "bottom"),
        8: ("left", "bottom"),
    }
    side = {
        "top": lambda a: a[0],
        "bottom": lambda a: a[-1],
        "left": lambda a: a[:, 0],
        "right": lambda a: a[:, -1],
    }
    stored = np.arange(6).reshape(2, 3)
    for value, (row, column) in sides.items():
        scene = UPRIGHT[value](stored)
        assert set(side[row](scene)) == set(stored[0])
        assert set(side[column](scene)) == set(stored[:, 0])


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_images_are_rotated_upright(
    tmp_path: Path, image_format: str, order: str, value: int
) -> None:
    options = {"lossless": True} if image_format == "WEBP" else {}
    block = exif(order, {0x0100: (4, 7), ORIENTATION: (3, value), 0x0128: (3, 2)})
    stored = decode(tmp_path, with_exif(image_format, b"", **options))
    turned = decode(tmp_path, with_exif(image_format, b"Exif\0\0" + block, **options))
    np.testing.assert_array_equal(turned, UPRIGHT[value](stored))


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "jpeg"])
def test_tiff_is_rotated_once(tmp_path: Path, compression: str, value: int) -> None:
    block = Image.Exif()
    stored = decode(tmp_path, with_exif("TIFF", block, compression=compression))
    block[ORIENTATION] = value
    data = with_exif("TIFF", block, compression=compression)
    expected = UPRIGHT[value](stored)
    np.testing.assert_array_equal(decode(tmp_path, data), expected)
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(to_rgb(image), expected)
        np.testing.assert_array_equal(to_rgb(image), expected)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [1, 3, 4])
def test_integers_of_any_width_are_read(tmp_path: Path, order: str, kind: int) -> None:
    data = with_exif("PNG", exif(order, {ORIENTATION: (kind, 6)}))
    np.testing.assert_array_equal(decode(tmp_path, data), UPRIGHT[6](PIXELS))


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_invalid_values_are_ignored(tmp_path: Path, value: int) -> None:
    data = with_exif("PNG", exif("<", {ORIENTATION: (3, value)}))
    np.testing.assert_array_equal(decode(tmp_path, data), PIXELS)


@pytest.mark.parametrize("length", range(26))
def test_truncated_exif_data_are_ignored(tmp_path: Path, length: int) -> None:
    block = exif("<", {0x0128: (3, 2), ORIENTATION: (3, 6)})[:length]
    jpeg = decode(tmp_path, with_exif("JPEG", b"Exif\0\0" + block))
    np.testing.assert_array_equal(jpeg, decode(tmp_path, with_exif("JPEG", b"")))
    data = png(PIXELS)
    data = data[:33] + png_chunk(b"eXIf", block) + data[33:]
    np.testing.assert_array_equal(decode(tmp_path, data), PIXELS)


def test_one_broken_entry_does_not_hide_the_orientation_or_warn(tmp_path: Path) -> None:
    # The offset of the maker's name is far beyond the end of the data, and without a JFIF header
    # Pillow reads the resolution from the EXIF data. Warnings are errors here.
    block = exif("<", {0x010F: (4, 99999), ORIENTATION: (3, 8)})
    block = block[:12] + b"\x02\0\x50\0\0\0" + block[18:]
    data = with_exif("JPEG", b"Exif\0\0" + block)
    header = data.index(b"\xff\xe0")
    data = data[:header] + data[header + 18 :]
    stored = decode(tmp_path, with_exif("JPEG", b""))
    np.testing.assert_array_equal(decode(tmp_path, data), UPRIGHT[8](stored))


@pytest.mark.parametrize("preamble", [b"", b"Exif\0\0"])
def test_exif_text_from_imagemagick_is_read(tmp_path: Path, preamble: bytes) -> None:
    block = preamble + exif(">", {ORIENTATION: (3, 6)})
    text = f"\nexif\n{len(block):8}\n{block.hex()}\n".encode()
    data = png(PIXELS)
    chunk = png_chunk(b"tEXt", b"Raw profile type exif\0" + text)
    turned = decode(tmp_path, data[:33] + chunk + data[33:])
    np.testing.assert_array_equal(turned, UPRIGHT[6](PIXELS))
    chunk = png_chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 3\nno hexadecimal\n")
    np.testing.assert_array_equal(decode(tmp_path, data[:33] + chunk + data[33:]), PIXELS)


def test_an_image_in_memory_is_rotated_like_its_file(tmp_path: Path) -> None:
    data = with_exif("PNG", exif("<", {ORIENTATION: (3, 5)}))
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(to_rgb(image), UPRIGHT[5](PIXELS))
        np.testing.assert_array_equal(to_rgb(image.convert("RGBA")), UPRIGHT[5](PIXELS))
