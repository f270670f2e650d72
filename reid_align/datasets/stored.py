"""Images by name: a file of its own, or a row of a shard, which is named like a file in a folder.

``set/shard-00003.safetensors/images/jpeg/000017`` is row 17 of the column "jpeg" of the table
"images" of that shard. Names sort in the order of the rows.
"""

import io
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reid_align.errors import ImageReadError
from reid_align.images import decode_image, to_rgb
from reid_align.shards import Shard
from reid_align.uv import IUV, load_iuv
from reid_align.uv.png import iuv_from_image

_INSIDE = f".safetensors{os.sep}"


def stored_names(shard: Path, table: str, column: str, rows: int) -> list[str]:
    """Return the names of the files in the rows of a shard's column, from the first on."""
    folder = os.path.join(shard, table, column, "")
    return [f"{folder}{row:06d}" for row in range(rows)]


def read_image(name: str) -> NDArray[np.uint8]:
    """Decode the image of a name to (H, W, 3) uint8 RGB.

    Raises:
        ImageReadError: for whatever is wrong with the file, or with what the shard holds there.
        DatasetFormatError: the shard cannot be read, or has no such column.
    """
    shard = _shard_of(name)
    if shard is None:
        return decode_image(name)
    table, column, row = name.removeprefix(f"{shard}{os.sep}").split(os.sep)
    data = Shard(shard).file(table, column, int(row))
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
    except OSError as error:
        raise ImageReadError(name, "the shard holds no JPEG or PNG there; make it anew") from error
    return to_rgb(image, name)


def read_iuv(name: str) -> IUV:
    """Read the dense map of a name; its planes are (3, H, W) on the CPU.

    Raises:
        ImageReadError: it is no PNG, or damaged; in a file also: it holds no part numbers.
        DatasetFormatError: the shard cannot be read, or has no such column.
        InvalidInputError: the shard holds something else than part numbers.
    """
    return load_iuv(name) if _shard_of(name) is None else iuv_from_image(read_image(name))


def _shard_of(name: str) -> Path | None:
    stem, inside, _ = name.rpartition(_INSIDE)
    shard = Path(stem + inside.rstrip(os.sep))
    # A folder may bear a shard's name: it holds what was made of the images in the shard.
    return shard if inside and shard.is_file() else None
