"""Randomly damaged files give an array or an ImageReadError."""

from pathlib import Path

import numpy as np
import pytest
from handmade import saved
from numpy.typing import NDArray
from PIL import Image

from reid_align.errors import ImageReadError
from reid_align.images import decode_image

IMAGE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (13, 9, 3), dtype=np.uint8))
TURNED = {0x0112: 6, 0x010F: "maker", 0x0128: 2}
CASES_EACH = 30


def written(image_format: str, mode: str = "RGB", **options: object) -> bytes:
    return saved(IMAGE.convert(mode), image_format, **options)


def exif() -> Image.Exif:
    block = Image.Exif()
    block.update(TURNED)
    return block


ANIMATED = {"save_all": True, "append_images": [IMAGE.rotate(90), IMAGE.rotate(180)]}
SOUND = {
    "bmp": written("BMP"),
    "bmp-palette": written("BMP", "P"),
    "dib": written("DIB"),
    "gif": written("GIF", **ANIMATED),
    "jpeg": written("JPEG", exif=exif()),
    "jpeg-progressive": written("JPEG", progressive=True),
    "jpeg-cmyk": written("JPEG", "CMYK"),
    "png": written("PNG", exif=exif()),
    "png-palette": written("PNG", "P", transparency=3),
    "png-gray": written("PNG", "I;16"),
    "apng": written("PNG", **ANIMATED),
    "ppm": written("PPM"),
    "ppm-plain": b"P3 2 2 255\n" + b"1 2 3 " * 4,
    "pgm-1023": b"P5 2 2 1023\n" + bytes(8),
    "tiff": written("TIFF", exif=exif()),
    "tiff-lzw": written("TIFF", compression="tiff_lzw"),
    "tiff-jpeg": written("TIFF", compression="jpeg"),
    "webp": written("WEBP", exif=exif()),
    "webp-lossless": written("WEBP", "RGBA", lossless=True),
    "webp-animated": written("WEBP", **ANIMATED),
}


def damage(data: bytes, generator: np.random.Generator) -> bytes:
    """Overwrite some bytes, half of them near the start, then perhaps cut the end off."""
    damaged = bytearray(data)
    for _ in range(generator.integers(1, 6)):
        end = len(data) if generator.random() < 0.5 else min(len(data), 100)
        damaged[generator.integers(end)] = generator.choice([0, 1, 127, 128, 255])
    if generator.random() < 0.4:
        del damaged[generator.integers(1, len(data)) :]
    return bytes(damaged)


def outcome(path: Path, data: bytes) -> NDArray[np.uint8] | ImageReadError:
    path.write_bytes(data)
    try:
        return decode_image(str(path))
    except ImageReadError as error:
        return error


@pytest.mark.parametrize("name", SOUND)
def test_damaged_files_decode_or_raise_an_error_with_their_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert isinstance(outcome(path, SOUND[name]), np.ndarray)
    generator = np.random.default_rng(len(name))
    outcomes = [outcome(path, damage(SOUND[name], generator)) for _ in range(CASES_EACH)]
    refusals = [result for result in outcomes if isinstance(result, ImageReadError)]
    images = [result for result in outcomes if isinstance(result, np.ndarray)]
    assert refusals
    assert all(error.path == str(path) and error.reason for error in refusals)
    for rgb in images:
        assert rgb.dtype == np.uint8
        assert rgb.shape == (*rgb.shape[:2], 3)
        assert rgb.size


@pytest.mark.parametrize("name", ["bmp", "jpeg", "png", "ppm", "tiff-lzw", "webp"])
def test_truncated_files_are_an_error(tmp_path: Path, name: str) -> None:
    end = int(0.8 * len(SOUND[name]))  # what follows may be metadata, or the last rows
    for length in range(1, end, 7):
        assert isinstance(outcome(tmp_path / name, SOUND[name][:length]), ImageReadError)
