"""Image files in memory, including formats that Pillow cannot write."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reid_align.images import decode_image

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def decode(tmp_path: Path, data: bytes) -> NDArray[np.uint8]:
    path = tmp_path / "image"
    path.write_bytes(data)
    return decode_image(str(path))


def saved(image: Image.Image, image_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def png(pixels: Pixels, *, transparency: bytes = b"") -> bytes:
    """Write (H, W, C) of 1 to 4 channels and 8 or 16 bits, with an optional tRNS chunk."""
    height, width, channels = pixels.shape
    depth = 8 * pixels.itemsize
    rows = pixels.astype(f">u{pixels.itemsize}")
    header = struct.pack(">IIBBBBB", width, height, depth, _COLOR_TYPES[channels], 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + (png_chunk(b"tRNS", transparency) if transparency else b"")
        + png_chunk(b"IDAT", data)
        + png_chunk(b"IEND", b"")
    )


def png_header(width: int, height: int) -> bytes:
    """Write a tiny black-and-white PNG whose header has the given size."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(b"\0"))
    )


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def tiff_gray(width: int, height: int, bits: int, data: bytes) -> bytes:
    """Write packed gray pixels to an uncompressed TIFF."""
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 277: 1, 278: height, 279: len(data)}
    tags[273] = 8 + 2 + 12 * (len(tags) + 1) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0) + data


def exif(order: str, tags: dict[int, tuple[int, int]]) -> bytes:
    """Write EXIF data, tag -> (type 1, 3 or 4; value); ``order`` is "<" or ">"."""
    letters = {1: "Bxxx", 3: "Hxx", 4: "I"}
    entries = b"".join(
        struct.pack(f"{order}HHI{letters[kind]}", tag, kind, 1, value)
        for tag, (kind, value) in tags.items()
    )
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(f"{order}IH", 8, len(tags)) + entries + bytes(4)
