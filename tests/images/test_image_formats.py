"""Image formats by extension and by content."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from reid_align.images.image_formats import EXTENSIONS, FORMAT_NAMES, HEADER_BYTES, is_image, sniff

WRITABLE = ["BMP", "DIB", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"]


def written(image_format: str, mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, (7, 5)).save(file, image_format)
    return file.getvalue()


@pytest.mark.parametrize("image_format", WRITABLE)
@pytest.mark.parametrize("mode", ["RGB", "L", "1"])
def test_each_format_is_detected_from_its_first_bytes(image_format: str, mode: str) -> None:
    assert sniff(written(image_format, mode)[:HEADER_BYTES]) == image_format


@pytest.mark.parametrize(("image_format", "where"), [("BMP", 2), ("DIB", 4), ("WEBP", 4)])
def test_sizes_that_look_like_line_ends_do_not_matter(image_format: str, where: int) -> None:
    header = bytearray(written(image_format))
    header[where : where + 4] = b"\n\n\n\n"
    assert sniff(header[:HEADER_BYTES]) == image_format


def test_error_messages_list_the_supported_formats() -> None:
    assert FORMAT_NAMES.split(", ") == WRITABLE


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\xff\xd8",
        b"BMW, Audi and others: list of cars in the data set",
        b"BM",
        b"P5 Weber: notes on the first camera",
        b"(\0\0\0 but no bitmap at all, only a number",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"row,path\n0,a.jpg\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 Thumbs.db",
        b"\0\0\0\x20ftypheic",
        b"\x89PNG\n\n",
    ],
)
def test_other_first_bytes_are_not_an_image(header: bytes) -> None:
    assert sniff(header) is None


def test_all_extensions_of_the_formats_that_pillow_registers_are_known() -> None:
    # Source: Pillow's own table, without the floating-point variants of PPM.
    Image.init()
    registered = {ext for ext, name in Image.registered_extensions().items() if name in WRITABLE}
    assert (registered - {".pfm"}) | {".jfif"} == EXTENSIONS


@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "a.b.Tif", "a.PnM"])
def test_an_image_extension_is_enough(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"damaged")
    assert is_image(str(tmp_path / name))


@pytest.mark.parametrize("name", ["crop", "crop.image", "crop.0", "jpg"])
def test_without_an_image_extension_the_first_bytes_decide(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(written("PNG"))
    assert is_image(str(path))
    path.write_bytes(b"something else")
    assert not is_image(str(path))


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not is_image(str(tmp_path / "pipe"))
