"""Reading of images by name; a name is a file, a row of a shard, or a box in a frame.

``set/shard-00003.safetensors/images/jpeg/000017`` is row 17 of the column "jpeg" of the table
"images" of that shard. Names sort in the order of the rows. Names of boxes are defined in
`frame_boxes`.
"""

import io
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reid_align.datasets.frame_boxes import read_frame_box, split_box_name
from reid_align.errors import ImageReadError
from reid_align.images import decode_image, to_rgb
from reid_align.shards import ShardFile
from reid_align.uv import IUV, load_iuv
from reid_align.uv.iuv_png import iuv_from_image

_INSIDE = f".safetensors{os.sep}"


def stored_names(shard: Path, table: str, column: str, rows: int) -> list[str]:
    """Return the names of all rows of a shard's column, in order."""
    folder = os.path.join(shard, table, column, "")
    return [f"{folder}{row:06d}" for row in range(rows)]


def read_image(name: str) -> NDArray[np.uint8]:
    """Decode an image by name to (H, W, 3) uint8 RGB.

    Raises:
        ImageReadError: the file or the shard's row is not a readable image, or the box has no
            pixels in its frame.
        DatasetFormatError: the shard cannot be read, or has no such column.
    """
    shard = _shard_of(name)
    if shard is None:
        inside = split_box_name(name)
        return decode_image(name) if inside is None else read_frame_box(*inside)
    table, column, row = name.removeprefix(f"{shard}{os.sep}").split(os.sep)
    data = ShardFile(shard).file(table, column, int(row))
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
    except OSError as error:
        raise ImageReadError(
            name, "the shard row is not a JPEG or PNG; generate the set again"
        ) from error
    return to_rgb(image, name)


def read_iuv(name: str) -> IUV:
    """Read a dense pose map by name; its planes are (3, H, W) on the CPU.

    Raises:
        ImageReadError: not a PNG, or damaged; for files also: values that are not part numbers.
        DatasetFormatError: the shard cannot be read, or has no such column.
        InvalidInputError: the shard row contains values that are not part numbers.
    """
    return load_iuv(name) if _shard_of(name) is None else iuv_from_image(read_image(name))


def _shard_of(name: str) -> Path | None:
    stem, inside, _ = name.rpartition(_INSIDE)
    shard = Path(stem + inside.rstrip(os.sep))
    # A folder may have a shard's name, if it contains files generated from the shard's images.
    return shard if inside and shard.is_file() else None
