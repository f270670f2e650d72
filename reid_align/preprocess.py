"""Preprocessing of images: resizing and normalization. A property of the weights."""

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.filters import smooth, stretch
from reid_align.typed_reading import ADDED_LATER

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]

# Source: mean and standard deviation of ImageNet, from torchvision's weights.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

_MAX_SMOOTHING, _MAX_STRETCH = 8.0, 0.25
# Limits of files from other sources. Larger images exhaust the memory; other statistics, such as
# those for values in [0, 255], turn every image into the same one.
MAX_SIDE = 2048
MEAN_RANGE, STD_RANGE = (-1.0, 1.0), (1e-3, 10.0)


@dataclass(frozen=True)
class Preprocess:
    """Resize to ``height`` × ``width`` pixels, scale to [0, 1], subtract the mean, divide by std.

    Resizing is Pillow's: anti-aliased, in 8 bits, ignoring the aspect ratio. ``mean`` and ``std``
    are in RGB order, for values in [0, 1]. Two optional filters after resizing reduce differences
    between cameras; they are not part of the papers: ``smoothing`` is the standard deviation of a
    Gaussian blur in pixels of the resized image, 0 to 8, and ``stretch`` is the share of values
    at each end that become black or white, 0 to 0.25. 0 turns a filter off.

    Raises:
        InvalidInputError: a size outside 1 to 2048, a ``mean`` outside -1 to 1, a ``std`` outside
            0.001 to 10, an unknown interpolation, or a filter out of range.

    Source: SAN (arXiv:1905.13143) section 3.1 for 256×128; ImageNet statistics.
    """

    height: int = 256
    width: int = 128
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    interpolation: Interpolation = "bilinear"
    smoothing: float = field(default=0.0, metadata=ADDED_LATER)
    stretch: float = field(default=0.0, metadata=ADDED_LATER)

    def __post_init__(self) -> None:
        if not (1 <= self.height <= MAX_SIDE and 1 <= self.width <= MAX_SIDE):
            raise InvalidInputError(
                f"height {self.height} and width {self.width}: both must be from 1 to {MAX_SIDE}."
            )
        for name, (low, high) in (("mean", MEAN_RANGE), ("std", STD_RANGE)):
            values = getattr(self, name)
            if len(values) != 3 or not all(low <= value <= high for value in values):
                raise InvalidInputError(
                    f"{name} {values!r}: give three numbers from {low:g} to {high:g}, for R, G, B "
                    "in [0, 1]."
                )
        if self.interpolation not in get_args(Interpolation):
            allowed = ", ".join(get_args(Interpolation))
            raise InvalidInputError(
                f"interpolation {self.interpolation!r}: choose one of {allowed}."
            )
        self._check_filters()

    def _check_filters(self) -> None:
        for name, maximum in (("smoothing", _MAX_SMOOTHING), ("stretch", _MAX_STRETCH)):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value <= maximum:
                raise InvalidInputError(f"{name} {value!r}: give a number from 0 to {maximum}.")

    def resize(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Resize one RGB image, (H, W, 3) uint8, to (height, width, 3) uint8.

        An image that already has this size is returned unchanged. The result does not depend on
        the version of Pillow.
        """
        if image.shape[:2] == (self.height, self.width):
            return image
        method = Image.Resampling[self.interpolation.upper()]
        # Columns first, as Pillow did before version 13, which chooses the cheaper order.
        narrow = Image.fromarray(image).resize((self.width, len(image)), method)
        return np.asarray(narrow.resize((self.width, self.height), method))

    def normalize(self, images: Tensor) -> Tensor:
        """Normalize a batch (N, 3, H, W) uint8 RGB to float32.

        Works on any device and keeps the memory format (channels_last stays channels_last).
        """
        if not (self.smoothing or self.stretch):
            return self.scale(images)
        filtered = self.scale(stretch(smooth(images, self.smoothing), self.stretch))
        return torch.empty_like(images, dtype=torch.float32).copy_(filtered)

    def scale(self, values: Tensor) -> Tensor:
        """Subtract ``mean`` from values (N, 3, H, W) in [0, 255] and divide by ``std``: float32.

        Without filters; for part images (DSAP) with empty texels.
        """
        mean = torch.tensor(self.mean, device=values.device).mul_(255).view(1, 3, 1, 1)
        scale = (
            torch.tensor(self.std, device=values.device).mul_(255).reciprocal_().view(1, 3, 1, 1)
        )
        return (values - mean) * scale
