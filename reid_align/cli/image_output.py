"""Option ``-o`` of commands that write an image, and the writing itself."""

import argparse
import io
from pathlib import Path
from typing import TYPE_CHECKING

from reid_align.errors import OutputError
from reid_align.files import replace_file, writing

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
# Pixels along one side.
MAX_SIDE = {"JPEG": 65_500, "WEBP": 16_383}
QUALITY = 90


def add_image_output(parser: argparse._ActionsContainer) -> None:
    """Add ``-o`` (``args.output``). Check it with `check_new_outputs`."""
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="image file to write; the suffix selects the format: .jpg, .png or .webp",
    )


def write_image(image: "Image", output: str | Path) -> None:
    """Write an image atomically, in the format of the suffix, one of `FORMATS`.

    Raises:
        OutputError: the image is too large for the format, or the file cannot be written.
    """
    kind = FORMATS[Path(output).suffix.lower()]
    if max(image.size) > MAX_SIDE.get(kind, max(image.size)):
        raise OutputError(
            f"Output {output}: the image has {image.width} × {image.height} pixels, and {kind} "
            f"allows {MAX_SIDE[kind]:,} per side. Show fewer images, or write a .png file."
        )
    content = io.BytesIO()
    with writing(Path(output)):
        image.save(content, kind, quality=QUALITY)
        replace_file(Path(output), content.getvalue())
