"""Image decoding to 8-bit RGB, with clear errors."""

import io
import os
import stat
import threading
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

from reid_align.errors import ImageReadError, MissingExtraError, StorageError
from reid_align.images.image_addresses import TAR, is_remote, is_tar, read_range, split_member
from reid_align.images.image_formats import FORMAT_NAMES, HEADER_BYTES, sniff
from reid_align.images.orientation import read_orientation, upright
from reid_align.images.pixel_modes import rgb_pixels
from reid_align.images.tar_files import read_member

MAX_PIXELS = 40_000_000
_DECODING = threading.local()


class _Jpeg(JpegImageFile):
    """Skips EXIF parsing, which Pillow does for the resolution, with warnings on broken data."""

    def getexif(self) -> Image.Exif:
        return Image.Exif()


# Used instead of Image.open, which warns about or rejects large images by a process-wide limit.
# Only these formats are opened.
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
    """Decode one file to (H, W, 3) uint8 RGB, upright; for an animation, the first frame.

    Detects the format from the first bytes, not from the name. See ``to_rgb`` for the conversion.
    Thread-safe; all formats except WebP decode in parallel.

    Two process-wide settings of Pillow also apply here: ``ImageFile.LOAD_TRUNCATED_IMAGES`` fills
    damaged images instead of rejecting them, and a lowered ``Image.MAX_IMAGE_PIXELS`` applies to
    TIFF and WebP.

    Args:
        path: a file, a member of a tar file (``a.tar/1.jpg``), or a URL, read with fsspec.

    Raises:
        ImageReadError: the file cannot be decoded.
        StorageError: the storage of a URL cannot be reached, or denies access. No other exception
            is raised.
    """
    with _naming(path):
        if is_remote(path) or TAR in path.lower():
            data = read_address(path)
            if data is not None:
                return decode_bytes(data, path)
        _check_file(path)
        with open(path, "rb") as file:
            return to_rgb(open_image(file, path), path)


def decode_bytes(data: bytes, name: str) -> NDArray[np.uint8]:
    """Decode the content of an image file; see `decode_image`.

    Raises:
        ImageReadError: the content cannot be decoded.
    """
    if not data:
        raise ImageReadError(name, "the file is empty")
    return to_rgb(open_image(io.BytesIO(data), name), name)


def read_address(path: str) -> bytes | None:
    """Return the content of a remote file or tar member; None for the path of a local file.

    Raises:
        ImageReadError: a damaged tar file, or no such member.
        StorageError: the remote storage cannot be reached, or denies access.
        OSError: the file cannot be read.
    """
    if split_member(path) is not None or (is_tar(path) and not os.path.isdir(path)):
        return read_member(path)
    return read_range(path) if is_remote(path) else None


def open_image(file: IO[bytes], name: str = "image in memory") -> ImageFile:
    """Read the header of an image file; `to_rgb` decodes the pixels.

    Raises:
        ImageReadError: the format is unknown, or the header is damaged.
    """
    with _naming(name):
        kind = sniff(file.read(HEADER_BYTES))
        if kind is None:
            raise ImageReadError(
                name,
                f"unknown format. Supported: {FORMAT_NAMES}. Convert it, for example to PNG",
            )
        file.seek(0)
        return _DECODERS[kind](file)


def to_rgb(image: Image.Image, name: str = "image in memory") -> NDArray[np.uint8]:
    """Convert a Pillow image to (H, W, 3) uint8 RGB, contiguous and writable.

    Applies the EXIF orientation. Gray and palette images become RGB, transparent areas become
    white, CMYK is converted without a color profile, 16-bit images keep the high byte, and
    embedded color profiles are ignored.

    Args:
        image: an image in any mode; loaded if necessary, otherwise not modified.
        name: name of the image in errors.

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
    """Reject anything but a regular file before opening it: opening a pipe would block."""
    try:
        status = os.stat(path)
    except ValueError as error:
        raise ImageReadError(path, "this is not a valid file name") from error
    if stat.S_ISDIR(status.st_mode):
        raise ImageReadError(path, "it is a folder, not an image")
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
            name,
            f"{width} x {height} pixels are more than {MAX_PIXELS:,}; scale it down first",
        )


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Convert every error to an ImageReadError with the image's name.

    Pillow raises many types for broken files: OSError, SyntaxError, struct.error, KeyError, …
    """
    _DECODING.name = name
    try:
        yield
    except (ImageReadError, StorageError, MissingExtraError):
        raise
    except Exception as error:
        raise ImageReadError(name, _reason(error)) from error
    finally:
        _DECODING.name = None


def image_being_decoded() -> str | None:
    """Return the name of the image that this thread decodes, for warnings of Pillow."""
    name: str | None = getattr(_DECODING, "name", None)
    return name


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file does not exist"
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    if isinstance(error, Image.DecompressionBombError):
        return f"it is too large; scale it down first ({error})"
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be read: {error.strerror}"
    message = str(error) or type(error).__name__
    return f"it is damaged, incomplete, or a variant that Pillow does not support ({message})"
