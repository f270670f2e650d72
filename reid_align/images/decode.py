"""Decode a image file of any kind to RGB, or say in plain words why that is impossible."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile, DibImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from reid_align.errors import ImageReadError
from reid_align.images.formats import FORMAT_NAMES, HEADER_BYTES, sniff
from reid_align.images.modes import rgb_pixels
from reid_align.images.orientation import read_orientation, upright

MAX_PIXELS = 40_000_000


class _Jpeg(JpegImageFile):
    """Opens without parsing EXIF data: Pillow does that for the resolution, and warns if broken."""

    def getexif(self) -> Image.Exif:
        return Image.Exif()


# Called directly and not through Image.open, which warns about, or refuses, large images by a
# limit that is global to the process. Only these formats are ever opened.
_DECODERS: dict[str, Callable[[IO[bytes]], ImageFile]] = {
    "BMP": BmpImageFile,
    "DIB": DibImageFile,
    "GIF": GifImageFile,
    "JPEG": _Jpeg,
    "PNG": PngImageFile,
    "PPM": PpmImageFile,
    "TIFF": TiffImageFile,
    "WEBP": WebPImageFile,
}


def decode_image(path: str) -> NDArray[np.uint8]:
    """Decode one file to (H, W, 3) uint8 RGB, upright; of an animation, the first frame.

    The format is told from the first bytes, not from the name. See ``to_rgb`` for how pixels are
    converted. Safe to call from many threads; all formats but WebP are decoded side by side.

    Two of Pillow's settings are out of reach, if the program has changed them. With
    ``ImageFile.LOAD_TRUNCATED_IMAGES``, damaged images are filled up, here too, instead of being
    refused. A lowered ``Image.MAX_IMAGE_PIXELS`` still holds for TIFF and WebP.

    Raises:
        ImageReadError: for whatever is wrong with the file; nothing else is raised.
    """
    with _naming(path):
        _check_file(path)
        with open(path, "rb") as file:
            kind = sniff(file.read(HEADER_BYTES))
            if kind is None:
                raise ImageReadError(
                    path,
                    f"it is none of the formats {FORMAT_NAMES}; convert it, to PNG for example",
                )
            file.seek(0)
            return to_rgb(_DECODERS[kind](file), path)


def to_rgb(image: Image.Image, name: str = "image in memory") -> NDArray[np.uint8]:
    """Convert a Pillow image to (H, W, 3) uint8 RGB, contiguous and writable.

    It is turned upright by its EXIF orientation. Gray is repeated, palettes are looked up,
    transparent parts are laid over white, CMYK is mixed without a color profile, of 16 bits the
    high byte is kept, and embedded color profiles are ignored.

    Args:
        image: a image in any mode; it is loaded if it was not, and otherwise left as it is.
        name: how errors name it.

    Raises:
        ImageReadError: the image has no pixels, more than ``MAX_PIXELS``, floating point pixels
            or integers beyond 16 bits, or cannot be loaded.
    """
    with _naming(name):
        _check_size(image.size, name)
        image.load()  # which may change its mode
        pixels = upright(rgb_pixels(image, name), read_orientation(image))
        return np.array(pixels, order="C")


def _check_file(path: str) -> None:
    """Refuse what is no file before it is opened: opening a pipe would block."""
    try:
        status = os.stat(path)
    except ValueError as error:
        raise ImageReadError(path, "no file can have this name") from error
    if stat.S_ISDIR(status.st_mode):
        raise ImageReadError(path, "it is a folder, not a image")
    if not stat.S_ISREG(status.st_mode):
        raise ImageReadError(path, "it is a pipe or a device, not a file")
    if status.st_size == 0:
        raise ImageReadError(path, "the file is empty")


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if not width or not height:
        raise ImageReadError(name, f"it has no pixels ({width} x {height})")
    if width * height > MAX_PIXELS:
        raise ImageReadError(
            name, f"{width} x {height} pixels are more than {MAX_PIXELS:,}; scale it down first"
        )


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Turn every error into one that names the image.

    Broken files make Pillow raise nearly anything: OSError, SyntaxError, struct.error, KeyError ...
    """
    try:
        yield
    except ImageReadError:
        raise
    except Exception as error:
        raise ImageReadError(name, _reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "it may not be read: permission denied"
    if isinstance(error, MemoryError):
        return "there is not enough memory to decode it"
    if isinstance(error, Image.DecompressionBombError):
        return f"it is too large; scale it down first ({error})"
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be read: {error.strerror}"
    said = str(error) or type(error).__name__
    return f"it is damaged, incomplete, or of a variant that Pillow does not know ({said})"
