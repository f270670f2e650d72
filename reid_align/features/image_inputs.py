"""Image inputs of feature extraction: paths, PIL images, arrays and tensors."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.images import decode_image, find_images, to_rgb

ChannelOrder = Literal["rgb", "bgr"]
# Errors of a single image, which does not affect the others.
ImageError: TypeAlias = ImageReadError | InvalidInputError
IMAGE_ERRORS = (ImageReadError, InvalidInputError)
Path: TypeAlias = str | os.PathLike[str]
ImageInputs: TypeAlias = (
    Path
    | Image.Image
    | NDArray[np.uint8]
    | Tensor
    | Iterable[Path | Image.Image | NDArray[np.uint8] | Tensor]
)


@dataclass(frozen=True)
class NamedImage:
    """One image with a name.

    Attributes:
        name: the path, or ``input[i]`` for an image in memory.
        content: the path, the pixels (H, W, 3) uint8 RGB, or the error of an unusable image.
    """

    name: str
    content: str | NDArray[np.uint8] | ImageError

    def decode(self) -> NDArray[np.uint8]:
        """Return (H, W, 3) uint8 RGB, or raise the error of an unusable image."""
        if isinstance(self.content, str):
            return decode_image(self.content)
        if isinstance(self.content, IMAGE_ERRORS):
            raise self.content
        return self.content


def named_images(
    inputs: ImageInputs, channel_order: ChannelOrder | None = None
) -> Iterator[NamedImage]:
    """Name every image in the inputs, in order.

    Args:
        inputs: a folder (searched recursively, sorted), file, glob pattern or `.txt` list; a PIL
            image; an array (H, W, 3) or (N, H, W, 3) uint8; a tensor (3, H, W) or (N, 3, H, W),
            uint8 or floating point in [0, 1], always RGB. Or an iterable of these, in which a path
            is a folder or one file.
        channel_order: channel order of arrays, "rgb" or "bgr" (OpenCV); required with arrays.

    An image of another type, shape or range raises InvalidInputError when it is decoded.

    Raises:
        NoImagesError: a path contains no image.
        InvalidInputError: ``inputs`` is of another type, or has an array without
            ``channel_order``.
    """
    single = isinstance(inputs, str | os.PathLike | Image.Image | np.ndarray | Tensor)
    items = [inputs] if single else inputs
    if not isinstance(items, Iterable):
        raise InvalidInputError(
            f"inputs is of type {type(inputs).__name__}. Give a path, an image, or an iterable of "
            "these."
        )
    index = 0
    for item in items:
        if isinstance(item, str | os.PathLike):
            whole = single or os.path.isdir(item)
            for path in find_images([item]) if whole else [os.fspath(item)]:
                yield NamedImage(path, path)
                index += 1
            continue
        for content in _contents(item, channel_order, index):
            yield NamedImage(f"input[{index}]", content)
            index += 1


def _contents(
    item: object, channel_order: ChannelOrder | None, index: int
) -> Iterator[NDArray[np.uint8] | ImageError]:
    """Yield the pixels or the error of each image in an item."""
    _require_channel_order(item, channel_order, f"input[{index}]")
    images: Iterable[object] = [item]
    if isinstance(item, np.ndarray | Tensor) and item.ndim == 4:
        images = item
    for offset, image in enumerate(images):
        # Copied immediately: the caller may reuse a buffer or close an image before a worker reads
        # it.
        try:
            yield _pixels(image, channel_order, f"input[{index + offset}]")
        except IMAGE_ERRORS as error:
            yield error


def image_pixels(
    item: object, channel_order: ChannelOrder | None, name: str, *, copy: bool = True
) -> NDArray[np.uint8]:
    """Return one image in memory as (H, W, 3) uint8 RGB.

    Args:
        item: an array, PIL image or tensor, see `named_images`.
        channel_order: channel order of an array.
        name: name in messages.
        copy: copy the pixels of an array; otherwise the result may share its memory.

    Raises:
        InvalidInputError: another type, shape or range, or an array without ``channel_order``.
        ImageReadError: a PIL image cannot be read.
    """
    _require_channel_order(item, channel_order, name)
    return _pixels(item, channel_order, name, copy=copy)


def _require_channel_order(item: object, channel_order: ChannelOrder | None, name: str) -> None:
    if isinstance(item, np.ndarray) and channel_order not in ("rgb", "bgr"):
        raise InvalidInputError(
            f"{name} is an array, and channel_order is {channel_order!r}. Set "
            "channel_order='rgb' (Pillow, imageio) or 'bgr' (OpenCV)."
        )


def _pixels(
    item: object, channel_order: ChannelOrder | None, name: str, *, copy: bool = True
) -> NDArray[np.uint8]:
    if isinstance(item, Image.Image):
        return to_rgb(item, name)
    if isinstance(item, Tensor):
        return _tensor_pixels(item, name)
    if isinstance(item, np.ndarray):
        return _array_pixels(item, channel_order, name, copy=copy)
    if item is None:
        raise InvalidInputError(
            f"{name} is None, not an image. cv2.imread returns None for a file that it cannot read."
        )
    raise InvalidInputError(
        f"{name} is of type {type(item).__name__}. Give a path, a PIL image, a uint8 array "
        "(H, W, 3) or a tensor (3, H, W)."
    )


def _array_pixels(
    array: NDArray[np.uint8], channel_order: ChannelOrder | None, name: str, *, copy: bool
) -> NDArray[np.uint8]:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[-1] != 3:
        raise InvalidInputError(
            f"{name} is an array of shape {array.shape} and dtype {array.dtype}. Give uint8 of "
            "shape (H, W, 3) or (N, H, W, 3)."
        )
    if 0 in array.shape[:2]:
        raise InvalidInputError(f"{name} has no pixels: its shape is {array.shape}.")
    pixels = array[..., ::-1] if channel_order == "bgr" else array
    return pixels.copy() if copy else pixels


def _tensor_pixels(tensor: Tensor, name: str) -> NDArray[np.uint8]:
    if tensor.ndim != 3 or tensor.shape[0] != 3 or 0 in tensor.shape[1:]:
        raise InvalidInputError(
            f"{name} is a tensor of shape {tuple(tensor.shape)}. Give RGB images (3, H, W) or "
            "(N, 3, H, W)."
        )
    return _to_uint8(tensor, name).permute(1, 2, 0).cpu().numpy().copy()


def _to_uint8(image: Tensor, name: str) -> Tensor:
    # Rounded to 8 bits: an image gives the same features as a file, array or tensor.
    if image.dtype == torch.uint8:
        return image.detach()
    low, high = (float(value) for value in image.detach().float().aminmax())
    if not torch.is_floating_point(image) or not (low >= 0 and high <= 1):
        raise InvalidInputError(
            f"{name} is a tensor of {image.dtype} with values from {low:g} to {high:g}. Give uint8 "
            "or floating point in [0, 1], before any normalization."
        )
    return (image.detach().float() * 255).round().to(torch.uint8)
