"""Decoding files, and the errors of unreadable ones."""

import io
import os
import pickle
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from handmade import png, png_header, saved, tiff_gray
from PIL import Image
from unprivileged import open_folder, without_the_rights_of_root

from reid_align.errors import ImageReadError
from reid_align.images import MAX_PIXELS, decode_image

COLORS = np.random.default_rng(0).integers(0, 256, (13, 9, 3), dtype=np.uint8)
FORMATS = ["BMP", "DIB", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"]


def written(image_format: str, **options: object) -> bytes:
    return saved(Image.fromarray(COLORS), image_format, **options)


def reason(path: Path | str) -> str:
    """Return the reason of the error, and check that the error names the file."""
    with pytest.raises(ImageReadError) as caught:
        decode_image(str(path))
    assert caught.value.path == str(path)
    assert str(caught.value) == f"{path}: {caught.value.reason}"
    return caught.value.reason


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize("name", ["crop", "crop.image", "crop.jpg", "crop.png", "crop.txt"])
def test_the_format_is_detected_from_the_content(
    tmp_path: Path, image_format: str, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(written(image_format))
    with Image.open(io.BytesIO(written(image_format))) as image:
        np.testing.assert_array_equal(decode_image(str(path)), np.asarray(image.convert("RGB")))


def test_names_that_are_not_utf8_are_opened(tmp_path: Path) -> None:
    raw = os.path.join(os.fsencode(tmp_path), b"caf\xe9.png")
    with open(raw, "wb") as file:
        file.write(png(COLORS))
    np.testing.assert_array_equal(decode_image(os.fsdecode(raw)), COLORS)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "round.jpg").symlink_to("round.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert reason(tmp_path / "missing.jpg") == "the file does not exist"
    assert reason("") == "the file does not exist"
    assert reason(tmp_path / "empty.jpg") == "the file is empty"
    assert reason(tmp_path) == "it is a folder, not an image"
    assert reason(tmp_path / "pipe.jpg") == "it is a pipe or a device, not a file"
    assert reason(os.devnull) == "it is a pipe or a device, not a file"
    assert reason(f"{tmp_path}/a\0b.jpg") == "this is not a valid file name"
    assert reason(tmp_path / ("x" * 300)) == "it cannot be read: File name too long"
    assert reason(tmp_path / "round.jpg").startswith("it cannot be read: ")


def test_a_file_without_permission_is_refused() -> None:
    with open_folder() as folder:
        path = folder / "a.png"
        path.write_bytes(png(COLORS))
        path.chmod(0)
        with without_the_rights_of_root():
            assert reason(path) == "permission denied"


@pytest.mark.parametrize("data", [b"<html>", b"\0", b"%PDF-1.7", b"\0\0\0\x20ftypavif", b"8BPS"])
def test_unknown_formats_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    assert reason(path) == (
        "unknown format. Supported: BMP, DIB, GIF, JPEG, PNG, PPM, TIFF, WEBP. "
        "Convert it, for example to PNG"
    )


@pytest.mark.parametrize("image_format", FORMATS)
def test_a_truncated_image_is_refused(tmp_path: Path, image_format: str) -> None:
    path = tmp_path / "a"
    data = written(image_format)
    for length in (40, len(data) // 2, len(data) * 9 // 10):
        path.write_bytes(data[:length])
        assert reason(path).startswith("it is damaged, incomplete, or a variant that Pillow")


@pytest.mark.parametrize(
    "data",
    [
        png_header(0, 5),
        b"P6 0 5 255\n",
        written("BMP")[:18] + struct.pack("<i", 0) + written("BMP")[22:],
        tiff_gray(0, 1, 8, b"\0"),
    ],
    ids=["PNG", "PPM", "BMP", "TIFF"],
)
def test_a_size_of_zero_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    reason(path)


def claiming(image_format: str, width: int, height: int) -> bytes:
    """Write a small file with the header of a large image."""
    if image_format == "PNG":
        return png_header(width, height)
    if image_format == "PPM":
        return b"P4 %d %d\n\0" % (width, height)
    if image_format == "TIFF":
        return tiff_gray(width, height, 8, b"\0")
    if image_format == "WEBP":
        frames = [Image.fromarray(COLORS), Image.fromarray(COLORS[::-1])]
        data = bytearray(written("WEBP", save_all=True, append_images=frames))
        data[24:30] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        return bytes(data)
    data = bytearray(written(image_format))
    where, layout = {
        "BMP": (18, "<ii"),
        "DIB": (4, "<ii"),
        "GIF": (6, "<HH"),
        "JPEG": (data.find(b"\xff\xc0") + 5, ">HH"),
    }[image_format]
    struct.pack_into(layout, data, where, width, height)
    return bytes(data)


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize("side", [6325, 10000, 13000])
def test_too_many_pixels_are_refused_before_they_are_decoded(
    tmp_path: Path, image_format: str, side: int
) -> None:
    # Just above our limit, where Pillow warns (warnings are errors here), and near its own limit.
    path = tmp_path / "a"
    path.write_bytes(claiming(image_format, side, side))
    assert reason(path) == f"{side} x {side} pixels are more than 40,000,000; scale it down first"


@pytest.mark.parametrize("image_format", FORMATS)
def test_more_pixels_than_pillow_allows_are_refused(tmp_path: Path, image_format: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(claiming(image_format, 16000, 16000))
    assert "scale it down first" in reason(path)


def test_the_maximum_number_of_pixels_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(png_header(8000, MAX_PIXELS // 8000))
    assert reason(path).startswith("it is damaged")


@pytest.mark.parametrize("image_format", sorted(set(FORMATS) - {"TIFF", "WEBP"}))
def test_pillows_own_limit_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image_format: str
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    path = tmp_path / "a"
    path.write_bytes(written(image_format))
    assert decode_image(str(path)).shape == COLORS.shape


def test_files_are_closed(tmp_path: Path) -> None:
    def lowest_free() -> int:
        descriptor = os.open(tmp_path, os.O_RDONLY)
        os.close(descriptor)
        return descriptor

    before = lowest_free()
    kept = []
    for image_format in FORMATS:
        data = written(image_format)
        for content in (data, data[: len(data) // 2], b"x" + data):
            path = tmp_path / "a"
            path.write_bytes(content)
            try:
                kept.append(decode_image(str(path)))
            except ImageReadError as error:
                kept.append(error)  # with its traceback, which holds what was open
            assert lowest_free() == before
    assert len(kept) == 3 * len(FORMATS)


def test_decoding_is_thread_safe(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    paths, expected = [], []
    for i in range(60):
        pixels = generator.integers(0, 256, (40 + i, 30, 3), dtype=np.uint8)
        paths.append(str(tmp_path / f"{i}.png"))
        expected.append(pixels)
        Image.fromarray(pixels).save(paths[-1])
    with ThreadPoolExecutor(8) as pool:
        for pixels, rgb in zip(expected * 3, pool.map(decode_image, paths * 3), strict=True):
            np.testing.assert_array_equal(rgb, pixels)


def test_an_error_can_be_pickled(tmp_path: Path) -> None:
    path = str(tmp_path / "missing.jpg")
    with pytest.raises(ImageReadError) as caught:
        decode_image(path)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.path, copy.reason) == (path, "the file does not exist")
