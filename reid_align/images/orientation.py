"""EXIF orientation of images.

Pillow's ``ImageOps.exif_transpose`` warns about any broken EXIF entry, and suppressing warnings is
not thread-safe. This module reads only the orientation entry.
"""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_ORIENTATION_TAG = 0x0112
_INTEGER_TYPES = {1: "B", 3: "H", 4: "I"}


def read_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of a loaded image, 1 to 8; 1 if missing or broken.

    Pillow rotates TIFF images while loading; they return 1.
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
    except struct.error:  # truncated data
        pass
    return 1


def _exif(info: dict[str | tuple[int, int], Any]) -> bytes:
    """Return the EXIF block without its preamble, or empty bytes."""
    exif: bytes = info.get("exif", b"")
    if not exif and "Raw profile type exif" in info:
        # ImageMagick stores it in PNG files as text: three header lines, then hexadecimal.
        try:
            exif = bytes.fromhex("".join(info["Raw profile type exif"].split("\n")[3:]))
        except ValueError:
            return b""
    return exif.removeprefix(b"Exif\0\0")


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Rotate and mirror pixels (H, W, 3) upright; returns a view.

    Source: EXIF 2.32 (CIPA DC-008), tag 0x0112.
    """
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
