"""Which files are images: by the ends of their names, and by their first bytes."""

import os
import re

# What every wheel of Pillow reads. JPEG 2000, AVIF and HEIC are left out: their decoders are
# optional parts, missing from some builds, and a image must decode on all machines or on none.
EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".bmp", ".dib", ".gif", ".tif", ".tiff"}
    | {".webp", ".ppm", ".pgm", ".pbm", ".pnm"}
)

# Stricter than Pillow's own tests, which take any file that starts with "BM" or "P1" for a image:
# here files without a telling extension are judged by nothing else. Source: the format standards.
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
    """Return the format that a file's first ``HEADER_BYTES`` bytes show, or None if it is unknown.

    Fewer bytes are allowed; the answer is one of the names in ``FORMAT_NAMES``, as Pillow spells
    them.
    """
    matches = (name for name, pattern in _COMPILED.items() if pattern.match(header))
    return next(matches, None)


def is_image(path: str) -> bool:
    """Tell whether a file is meant to be a image, by its extension or else its first bytes.

    A damaged image still counts. A file without a telling extension that cannot be read does not.
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
