"""Dense maps from the images that the original DensePose (Caffe2) wrote."""

from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.uv.atlas import BACKGROUND, NUM_PARTS, UV_MAX
from reid_align.uv.iuv import IUV
from reid_align.uv.png import iuv_from_image, read_png
from reid_align.uv.selection import main_person

ChannelOrder = Literal["iuv", "vui"]

# Left hand, right foot, left half of the head. DensePose's charts of these three are mirrored along
# U against those of their partners, while those of arms and legs agree. Comparing the two halves of
# each pair in the texture atlas that ships with DensePose, colors correlate by 0.67, 0.48 and 0.87
# after the flip and by -0.07, -0.03 and -0.19 without; on arms and legs by 0.36 to 0.90 without.
MIRRORED_CHARTS = (4, 6, 24)


def align_charts(iuv: IUV) -> IUV:
    """Turn DensePose's charts into this library's, and back: u -> 1 - u of parts 4, 6 and 24."""
    parts, u, v = iuv.planes.unbind(-3)
    mirrored = torch.isin(
        parts, torch.tensor(MIRRORED_CHARTS, dtype=parts.dtype, device=parts.device)
    )
    return IUV(torch.stack((parts, torch.where(mirrored, UV_MAX - u, u), v), -3))


def possible_orders(image: NDArray[np.uint8]) -> tuple[ChannelOrder, ...]:
    """Return the channel orders that the values of a DensePose image allow.

    A channel with values above 24 holds no part numbers. A image of a person allows one order, a
    image without a person both, and a image that is no dense map mostly none.

    Args:
        image: (H, W, 3) as Pillow reads the file.
    """
    return tuple(
        order for order in get_args(ChannelOrder) if image[..., order.index("i")].max() <= NUM_PARTS
    )


def read_densepose(
    path: str | Path,
    channels: ChannelOrder,
    instances: str | Path | None = None,
    lr_align: bool = True,
) -> IUV:
    """Read a ``*_IUV.png``; with its ``*_INDS.png``, only the main person of it.

    Args:
        path: the image with part number, U·255 and V·255.
        channels: the order in which Pillow finds them. DensePose writes (I, U, V) with OpenCV,
            which stores the channels reversed: such files are "vui". Files that were written with
            Pillow, imageio or scikit-image are "iuv".
        instances: the image that says to which person each pixel belongs, 0 being background.
            Of several, the one with the most pixels is kept, on a tie the one nearest to the
            center. Without it, all people stay in one map.
        lr_align: whether to convert to charts whose left and right agree. Only such maps can be
            mirrored; False keeps DensePose's own, for comparison.

    Returns:
        The map, planes (3, H, W). Where DensePose found nobody, it is empty.

    Raises:
        InvalidInputError: an unknown ``channels``.
        ImageReadError: no readable 8-bit PNG, channels in another order, or sizes that differ.

    Source: DensePose (arXiv:1802.00434), the output of its ``infer_simple.py``.
    """
    image = read_png(path, "RGB")
    _check_order(path, image, channels)
    iuv = iuv_from_image(image if channels == "iuv" else image[..., ::-1])
    if instances is not None:
        iuv = _main_instance(iuv, path, instances)
    iuv = IUV(iuv.planes * (iuv.parts != BACKGROUND).unsqueeze(-3))
    return align_charts(iuv) if lr_align else iuv


def _check_order(path: str | Path, image: NDArray[np.uint8], channels: ChannelOrder) -> None:
    if channels not in get_args(ChannelOrder):
        allowed = ", ".join(get_args(ChannelOrder))
        raise InvalidInputError(f"{path}: channels {channels!r} is not known, choose {allowed}.")
    possible = possible_orders(image)
    if channels not in possible:
        highest = image[..., channels.index("i")].max()
        advice = f"channels={possible[0]!r}" if possible else "a dense map, which this is not"
        reason = (
            f"read as {channels!r}, its part numbers go up to {highest}, but {NUM_PARTS} is the "
            f"highest. Pass {advice}."
        )
        raise ImageReadError(str(path), reason)


def _main_instance(iuv: IUV, path: str | Path, instances: str | Path) -> IUV:
    people = torch.from_numpy(read_png(instances, "L").copy())
    if people.shape != iuv.parts.shape:
        reason = (
            f"it has {tuple(people.shape)} pixels and {path} has {tuple(iuv.parts.shape)}: both "
            "must come from one image."
        )
        raise ImageReadError(str(instances), reason)
    numbers = sorted(set(torch.unique(people).tolist()) - {0})
    candidates = [IUV(iuv.planes * (people == number)) for number in numbers]
    return main_person(candidates, [1.0] * len(candidates)) if candidates else iuv
