"""Image formats, detected by file extension or first bytes."""

import os
import re

# Formats that every Pillow wheel reads. JPEG 2000, AVIF and HEIC are excluded: some builds lack
# their decoders, and an image must decode on all machines or on none.
EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".bmp", ".dib", ".gif", ".tif", ".tiff"}
    | {".webp", ".ppm", ".pgm", ".pbm", ".pnm"}
)

# Stricter than Pillow's checks, which accept any file that starts with "BM" or "P1", because files
# without an image extension are detected by these alone. Source: the format standards.
_SIGNATURES = {
    "BMP": rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
    "DIB": rb"\x0c\0\0\0.{4}\x01\0|[\x28\x34\x38\x40\x6c\x7c]\0\0\0.{8}\x01\0",
    "GIF": rb"GIF8[79]a",
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "PPM": rb"P[1-6]\s+[#\d]",
    "TIFF": rb"II[\x2a\x2b]\0|MM\0[\x2a\x2b]",
    "WEBP": rb"RIFF.{4}WEBP",
}
_COMPILED = {name: re.compile(pattern, re.DOTALL) for name, pattern in _SIGNATURES.items()}

FORMAT_NAMES = ", ".join(_SIGNATURES)
HEADER_BYTES = 32


def sniff(header: bytes) -> str | None:
    """Return the format of a file from its first ``HEADER_BYTES`` bytes, or None if unknown.

    The format is one of ``FORMAT_NAMES``, Pillow's names. The header may be shorter.
    """
    matches = (name for name, pattern in _COMPILED.items() if pattern.match(header))
    return next(matches, None)


def is_image(path: str) -> bool:
    """Return whether a file is an image, by its extension or else its first bytes.

    A damaged image counts as an image. An unreadable file without an image extension does not.
    """
    if os.path.splitext(path)[1].lower() in EXTENSIONS:
        return True
    if not os.path.isfile(path):  # opening a pipe would block
        return False
    try:
        with open(path, "rb", buffering=0) as file:
            return sniff(file.read(HEADER_BYTES)) is not None
    except OSError:
        return False
