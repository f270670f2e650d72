"""Reader for output images of the original DensePose (Caffe2)."""

from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.body_atlas import BACKGROUND, NUM_PARTS, UV_MAX
from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.uv.iuv import IUV
from reid_align.uv.iuv_png import iuv_from_image, read_png
from reid_align.uv.main_person import main_person

DensePoseOrder = Literal["iuv", "vui"]

# Left hand, right foot, left half of the head: DensePose's charts of these parts are mirrored along
# U relative to their partners; those of arms and legs are not. In the texture atlas that ships with
# DensePose, the colors of the two parts correlate by 0.67, 0.48 and 0.87 with the flip, and by
# -0.07, -0.03 and -0.19 without; on arms and legs by 0.36 to 0.90 without a flip.
MIRRORED_CHARTS = (4, 6, 24)


def align_charts(iuv: IUV) -> IUV:
    """Convert between DensePose's charts and this library's: u -> 1 - u for parts 4, 6 and 24."""
    parts, u, v = iuv.planes.unbind(-3)
    mirrored = torch.isin(
        parts, torch.tensor(MIRRORED_CHARTS, dtype=parts.dtype, device=parts.device)
    )
    return IUV(torch.stack((parts, torch.where(mirrored, UV_MAX - u, u), v), -3))


def possible_orders(image: NDArray[np.uint8]) -> tuple[DensePoseOrder, ...]:
    """Return the channel orders that are consistent with a DensePose image.

    A channel with values above 24 cannot hold part numbers. An image of a person allows one order,
    an image without a person both, and other images usually none.

    Args:
        image: (H, W, 3) uint8, as read by Pillow.
    """
    return tuple(
        order
        for order in get_args(DensePoseOrder)
        if image[..., order.index("i")].max() <= NUM_PARTS
    )


def read_densepose(
    path: str | Path,
    channels: DensePoseOrder,
    instances: str | Path | None = None,
    lr_align: bool = True,
) -> IUV:
    """Read a ``*_IUV.png`` file; with its ``*_INDS.png``, only the main person.

    Args:
        path: image with part number, U·255 and V·255.
        channels: channel order as read by Pillow. DensePose writes (I, U, V) with OpenCV, which
            reverses the channels: use "vui". For files written with Pillow, imageio or
            scikit-image use "iuv".
        instances: image of instance numbers, 0 for background. Keeps the instance with the most
            pixels; ties go to the one closest to the center. Without it, the map contains all
            people in the image.
        lr_align: convert to charts with aligned left and right parts, which mirroring requires.
            False keeps DensePose's charts, for comparison.

    Returns:
        Map with planes (3, H, W); empty if DensePose detected no person.

    Raises:
        InvalidInputError: unknown ``channels``.
        ImageReadError: not a readable 8-bit PNG, another channel order, or sizes that differ.

    Source: DensePose (arXiv:1802.00434), output of ``infer_simple.py``.
    """
    image = read_png(path, "RGB")
    _check_order(path, image, channels)
    iuv = iuv_from_image(image if channels == "iuv" else image[..., ::-1])
    if instances is not None:
        iuv = _main_instance(iuv, path, instances)
    iuv = IUV(iuv.planes * (iuv.parts != BACKGROUND).unsqueeze(-3))
    return align_charts(iuv) if lr_align else iuv


def _check_order(path: str | Path, image: NDArray[np.uint8], channels: DensePoseOrder) -> None:
    if channels not in get_args(DensePoseOrder):
        allowed = ", ".join(get_args(DensePoseOrder))
        raise InvalidInputError(f"{path}: unknown channels {channels!r}. Choose one of {allowed}.")
    possible = possible_orders(image)
    if channels not in possible:
        highest = image[..., channels.index("i")].max()
        advice = (
            f"Pass channels={possible[0]!r}." if possible else "This is not a dense pose map (IUV)."
        )
        reason = (
            f"with channels={channels!r}, part numbers go up to {highest}, but the highest part "
            f"number is {NUM_PARTS}. {advice}"
        )
        raise ImageReadError(str(path), reason)


def _main_instance(iuv: IUV, path: str | Path, instances: str | Path) -> IUV:
    instance = torch.from_numpy(read_png(instances, "L").copy())
    if instance.shape != iuv.parts.shape:
        reason = (
            f"it has {tuple(instance.shape)} pixels, but {path} has {tuple(iuv.parts.shape)}. Both "
            "files must belong to the same image."
        )
        raise ImageReadError(str(instances), reason)
    numbers = sorted(set(torch.unique(instance).tolist()) - {0})
    candidates = [IUV(iuv.planes * (instance == number)) for number in numbers]
    return main_person(candidates, [1.0] * len(candidates)) if candidates else iuv
