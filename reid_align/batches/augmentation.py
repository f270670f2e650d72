"""Augmentation settings and their presets."""

from dataclasses import dataclass
from typing import Literal, get_args

from reid_align.errors import InvalidInputError

FlipTarget = Literal["mirror", "keep"]
EraseFill = Literal["mean", "official"]
_PROBABILITIES = (
    "partial",
    "crop",
    "flip",
    "jitter",
    "grayscale",
    "blur",
    "sharpen",
    "noise",
    "compress",
    "erase",
)
_STRENGTHS = ("brightness", "contrast", "saturation", "tint", "gamma")


@dataclass(frozen=True)
class AugmentConfig:
    """Augmentation of training images, applied in this order.

    Attributes:
        partial: probability of a partial image: 50 to 100 % of the height and 70 to 100 % of the
            width, at a random position.
        crop: probability of resizing to ``enlarge`` times the size before a random crop.
        enlarge: enlargement before the crop, 1 to 4.
        flip: probability of mirroring the image and its dense pose map.
        flip_target: texture, frontal image and part images of a mirrored image: those of the
            mirrored person ("mirror"), or unchanged ("keep").
        jitter: probability of color jitter.
        brightness: jitter factors are uniform in 1 ± brightness.
        contrast: likewise.
        saturation: likewise.
        tint: likewise, independently for red, green and blue; simulates white balance.
        gamma: exponents from 1 / (1 + gamma) to 1 + gamma.
        grayscale: probability of conversion to grayscale.
        blur: probability of a Gaussian blur with a standard deviation of 0.1 to 2 pixels.
        sharpen: probability of unsharp masking with a strength of up to 2.5, as in surveillance
            cameras.
        noise: probability of Gaussian noise with a standard deviation of up to 15 of 255.
        compress: probability of JPEG compression with a quality of 20 to 90; half of the time after
            another unsharp mask.
        per_camera: give the images of one camera in a batch the same color changes and camera
            effects, except for noise. Each batch then shows different cameras, and the style of a
            camera says nothing about identities. Images of unknown cameras stay independent.
        erase: probability of erasing a rectangle.
        erase_area: minimum and maximum area, as fractions of the image.
        erase_aspect: minimum and maximum height / width.
        erase_fill: "mean", which is 0 after normalization, or "official", the constants that SAN's
            public code writes into the normalized image.

    Raises:
        InvalidInputError: a value is out of its range.

    Source: SAN's public code (microsoft, transforms.py) for crop, flip and erasing; random erasing
    is arXiv:1708.04896. The papers do not define mirrored targets, the mean as erasing color, and
    the extents of partial images, on which SAN fine-tunes for its table 4; those are ours.
    """

    partial: float = 0.0
    crop: float = 0.5
    enlarge: float = 1.125
    flip: float = 0.5
    flip_target: FlipTarget = "mirror"
    jitter: float = 0.0
    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2
    tint: float = 0.0
    gamma: float = 0.0
    grayscale: float = 0.0
    blur: float = 0.0
    sharpen: float = 0.0
    noise: float = 0.0
    compress: float = 0.0
    per_camera: bool = False
    erase: float = 0.5
    erase_area: tuple[float, float] = (0.02, 0.4)
    erase_aspect: tuple[float, float] = (0.3, 1 / 0.3)
    erase_fill: EraseFill = "mean"

    def __post_init__(self) -> None:
        low_area, high_area = self.erase_area
        low_aspect, high_aspect = self.erase_aspect
        allowed = {
            **{name: (0 <= getattr(self, name) <= 1, "0 to 1") for name in _PROBABILITIES},
            **{name: (0 <= getattr(self, name) < 1, "0 or more, below 1") for name in _STRENGTHS},
            "enlarge": (1 <= self.enlarge <= 4, "1 to 4"),
            "erase_area": (0 < low_area <= high_area < 1, "two increasing numbers between 0 and 1"),
            "erase_aspect": (0 < low_aspect <= high_aspect, "two increasing positive numbers"),
            "flip_target": (self.flip_target in get_args(FlipTarget), "mirror or keep"),
            "erase_fill": (self.erase_fill in get_args(EraseFill), "mean or official"),
        }
        for name, (holds, text) in allowed.items():
            if not holds:
                raise InvalidInputError(f"{name} {getattr(self, name)!r}: give {text}.")

    @property
    def changes_colors(self) -> bool:
        """Whether colors or camera effects may change."""
        optics = max(self.blur, self.noise, self.sharpen, self.compress)
        return max(self.jitter, self.grayscale, optics) > 0


NO_AUGMENT = AugmentConfig(crop=0.0, flip=0.0, erase=0.0)
# Exactly as in SAN's public code.
OFFICIAL_AUGMENT = AugmentConfig(flip_target="keep", erase_fill="official")
# For texture reconstruction: the input varies, the target does not.
SAN_PG_AUGMENT = AugmentConfig(flip=0.0, jitter=0.8)
MODERN_AUGMENT = AugmentConfig(jitter=0.5, grayscale=0.05, blur=0.1)
# For the transfer from synthetic to real images.
CAMERA_AUGMENT = AugmentConfig(
    crop=0.8,
    enlarge=1.2,
    jitter=1.0,
    brightness=0.3,
    contrast=0.4,
    saturation=0.5,
    tint=0.12,
    gamma=0.3,
    blur=0.6,
    sharpen=0.6,
    noise=0.8,
    compress=0.7,
    erase_area=(0.02, 0.2),
)
PARTIAL_AUGMENT = AugmentConfig(partial=0.5)
