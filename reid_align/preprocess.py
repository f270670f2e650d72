"""What happens to a image before an encoder sees it: a property of the weights."""

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

# Source: the mean and standard deviation of ImageNet, as torchvision's weights state them.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

_MOST_SMOOTHING, _MOST_STRETCH = 8.0, 0.25


@dataclass(frozen=True)
class Preprocess:
    """Resize to ``height`` × ``width`` pixels, scale to [0, 1], subtract the mean, divide by std.

    Resizing is Pillow's: anti-aliased, on 8 bits, without keeping the aspect ratio. ``mean`` and
    ``std`` are in RGB order, for values in [0, 1]. After resizing, weights may ask for what makes
    images of different cameras more alike: ``smoothing``, the standard deviation of a Gaussian
    blur in pixels of the resized image, 0 to 8, and then ``stretch``, the share of values at
    either end of a image's levels that become black or white, 0 to 0.25. Neither happens at 0,
    and neither is in the papers.

    Raises:
        InvalidInputError: a size below 1, a value that is not finite, a ``std`` that is not
            positive, an unknown interpolation, a ``smoothing`` beyond 8 or a ``stretch`` beyond
            0.25.

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
        if self.height < 1 or self.width < 1:
            raise InvalidInputError(
                f"Preprocessing to {self.height}×{self.width} pixels: both must be at least 1."
            )
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) != 3 or not np.isfinite(values).all():
                raise InvalidInputError(
                    f"{name} {values!r}: give three finite numbers, for R, G, B."
                )
        if min(self.std) <= 0:
            raise InvalidInputError(f"std {self.std!r}: each must be positive.")
        if self.interpolation not in get_args(Interpolation):
            allowed = ", ".join(get_args(Interpolation))
            raise InvalidInputError(
                f"interpolation {self.interpolation!r}: choose one of {allowed}."
            )
        self._check_filters()

    def _check_filters(self) -> None:
        for name, most in (("smoothing", _MOST_SMOOTHING), ("stretch", _MOST_STRETCH)):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value <= most:
                raise InvalidInputError(f"{name} {value!r}: give a number from 0 to {most}.")

    def resize(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Resize one RGB image, (H, W, 3) uint8, to (height, width, 3) uint8.

        A image that has the size already is returned as it is.
        """
        if image.shape[:2] == (self.height, self.width):
            return image
        method = Image.Resampling[self.interpolation.upper()]
        return np.asarray(Image.fromarray(image).resize((self.width, self.height), method))

    def normalize(self, images: Tensor) -> Tensor:
        """Turn a batch (N, 3, H, W) uint8 RGB into float32 of the same shape, normalized.

        Works on any device and keeps the memory format (channels_last stays channels_last).
        """
        if not (self.smoothing or self.stretch):
            return self.scale(images)
        even = self.scale(stretch(smooth(images, self.smoothing), self.stretch))
        return torch.empty_like(images, dtype=torch.float32).copy_(even)

    def scale(self, values: Tensor) -> Tensor:
        """Subtract ``mean`` from numbers (N, 3, H, W) in [0, 255] and divide by ``std``: float32.

        This alone is for what is not a photograph, such as part images with empty texels.
        """
        mean = torch.tensor(self.mean, device=values.device).mul_(255).view(1, 3, 1, 1)
        scale = (
            torch.tensor(self.std, device=values.device).mul_(255).reciprocal_().view(1, 3, 1, 1)
        )
        return (values - mean) * scale
