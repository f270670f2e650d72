"""Dense pose maps as PNG files: part number in red, U·255 in green, V·255 in blue."""

from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from reid_align.body_atlas import NUM_PARTS
from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.files import replace_file, writing
from reid_align.uv.iuv import IUV


def save_iuv(path: str | Path, iuv: IUV) -> None:
    """Write the dense pose map of one image losslessly and atomically.

    Raises:
        InvalidInputError: the map is a batch, or the file name does not end in .png.
        OutputError: the file cannot be written.
    """
    if iuv.planes.ndim != 3:
        raise InvalidInputError(
            f"{path}: the planes have shape {tuple(iuv.planes.shape)}. Save one dense pose map per "
            "file, with planes (3, H, W)."
        )
    if Path(path).suffix.lower() != ".png":
        raise InvalidInputError(
            f"{path}: the file name of a dense pose map must end in .png, because lossy formats "
            "change part numbers."
        )
    content = BytesIO()
    Image.fromarray(iuv.planes.permute(1, 2, 0).cpu().numpy()).save(content, "PNG")
    with writing(Path(path)):
        replace_file(Path(path), content.getvalue())


def load_iuv(path: str | Path) -> IUV:
    """Read a dense pose map written by `save_iuv`, with planes (3, H, W) on the CPU.

    Raises:
        ImageReadError: not a readable 8-bit RGB PNG, or the red channel has values above 24.
    """
    image = read_png(path, "RGB")
    highest = int(image[..., 0].max())
    if highest > NUM_PARTS:
        reason = (
            f"the red channel goes up to {highest}, but part numbers of a dense pose map are 0 to "
            f"{NUM_PARTS}. Use read_densepose for output images of DensePose."
        )
        raise ImageReadError(str(path), reason)
    return iuv_from_image(image)


def iuv_from_image(image: NDArray[np.uint8]) -> IUV:
    """Convert (H, W, 3) uint8 with channels part, U·255 and V·255 to a dense pose map."""
    return IUV(torch.from_numpy(image.transpose(2, 0, 1).copy()))


def read_png(path: str | Path, mode: Literal["RGB", "L"]) -> NDArray[np.uint8]:
    """Read an 8-bit PNG file: (H, W, 3) for "RGB", (H, W) for "L".

    Raises:
        ImageReadError: the file is missing, damaged, of another format or of another mode.
    """
    try:
        with Image.open(path) as image:
            if image.format != "PNG" or image.mode != mode:
                reason = (
                    f"it is a {image.format} of mode {image.mode}, but must be a PNG of mode "
                    f"{mode}, as written by DensePose or save_iuv."
                )
                raise ImageReadError(str(path), reason)
            return np.asarray(image)
    except ImageReadError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageReadError(str(path), f"it cannot be read ({error}).") from error
