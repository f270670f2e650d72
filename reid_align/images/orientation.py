"""Turn images upright: how the camera was held is written in their EXIF data."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_ORIENTATION_TAG = 0x0112
_INTEGER_TYPES = {1: "B", 3: "H", 4: "I"}


def read_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of a loaded image, 1 to 8; 1 where it is missing or broken.

    Only this one entry is read, because Pillow's reader warns about, or fails on, any other entry
    that is broken. TIFF images are turned upright by Pillow while loading, and give 1.
    """
    exif = _exif(image.info)
    order = "<" if exif[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", exif, entry)
            if tag == _ORIENTATION_TAG and kind in _INTEGER_TYPES:
                (value,) = struct.unpack_from(order + _INTEGER_TYPES[kind], exif, entry + 8)
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:  # the data end early
        pass
    return 1


def _exif(info: dict[str | tuple[int, int], Any]) -> bytes:
    """Return the EXIF block without its preamble, or nothing."""
    exif: bytes = info.get("exif", b"")
    if not exif and "Raw profile type exif" in info:
        # ImageMagick writes it into PNG files as text: three lines of preamble, then hexadecimal.
        try:
            exif = bytes.fromhex("".join(info["Raw profile type exif"].split("\n")[3:]))
        except ValueError:
            return b""
    return exif.removeprefix(b"Exif\0\0")


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn and mirror pixels (H, W, 3) so that the scene is upright; a view of the same memory.

    Source: EXIF 2.32 (CIPA DC-008), tag 0x0112: which sides of the scene the first row and the
    first column are.
    """
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
