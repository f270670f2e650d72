"""Dense maps as PNG files: red is the part number, green U·255, blue V·255."""

from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.files import replace_file, writing
from reid_align.uv.atlas import NUM_PARTS
from reid_align.uv.iuv import IUV


def save_iuv(path: str | Path, iuv: IUV) -> None:
    """Write the dense map of one image, without loss; the file is there whole or not at all.

    Raises:
        InvalidInputError: the map is a batch, or the file's name does not end in .png.
        OutputError: the file cannot be written.
    """
    if iuv.planes.ndim != 3:
        raise InvalidInputError(
            f"{path}: a PNG holds one dense map, and this is a batch of shape "
            f"{tuple(iuv.planes.shape)}. Save its maps one by one."
        )
    if Path(path).suffix.lower() != ".png":
        raise InvalidInputError(
            f"{path}: a dense map is saved as .png, since other formats may alter part numbers."
        )
    content = BytesIO()
    Image.fromarray(iuv.planes.permute(1, 2, 0).cpu().numpy()).save(content, "PNG")
    with writing(Path(path)):
        replace_file(Path(path), content.getvalue())


def load_iuv(path: str | Path) -> IUV:
    """Read a dense map that ``save_iuv`` wrote; its planes are (3, H, W) on the CPU.

    Raises:
        ImageReadError: no readable 8-bit RGB PNG, or its red channel holds no part numbers.
    """
    image = read_png(path, "RGB")
    highest = int(image[..., 0].max())
    if highest > NUM_PARTS:
        reason = (
            f"the red channel goes up to {highest}, but holds part numbers of 0 to {NUM_PARTS} in "
            "a dense map. For a image that DensePose wrote use read_densepose."
        )
        raise ImageReadError(str(path), reason)
    return iuv_from_image(image)


def iuv_from_image(image: NDArray[np.uint8]) -> IUV:
    """Turn (H, W, 3) uint8 with the channels part, U·255 and V·255 into a dense map."""
    return IUV(torch.from_numpy(image.transpose(2, 0, 1).copy()))


def read_png(path: str | Path, mode: Literal["RGB", "L"]) -> NDArray[np.uint8]:
    """Read an 8-bit PNG: (H, W, 3) of "RGB", (H, W) of "L".

    Raises:
        ImageReadError: no such file, another format (a lossy one would have changed the part
            numbers), another mode, or a damaged file.
    """
    try:
        with Image.open(path) as image:
            if image.format != "PNG" or image.mode != mode:
                reason = (
                    f"it is a {image.format} of mode {image.mode}, and a PNG of mode {mode} "
                    "is needed, as DensePose or save_iuv wrote it."
                )
                raise ImageReadError(str(path), reason)
            return np.asarray(image)
    except ImageReadError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageReadError(str(path), f"it cannot be read ({error}).") from error
