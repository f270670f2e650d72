"""How training images are varied: what may be chosen, and the presets."""

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
    """What happens to a image before training sees it, in this order; all else is left as it is.

    Attributes:
        partial: probability of taking a part of the image: 50 to 100 % of its height and 70 to
            100 % of its width, anywhere.
        crop: probability of resizing to ``enlarge`` times the size and cutting the size out.
        enlarge: by how much, at least 1.
        flip: probability of mirroring the image, with its dense map.
        flip_target: what the texture, frontal image and part images of a mirrored image become:
            those of the mirrored person ("mirror"), or what they were ("keep").
        jitter: probability of changing the colors.
        brightness: factors are drawn from 1 - brightness to 1 + brightness.
        contrast: likewise.
        saturation: likewise.
        tint: likewise, for red, green and blue apart, as lamps and white balances differ.
        gamma: values become a power of themselves, from 1 / (1 + gamma) to 1 + gamma.
        grayscale: probability of dropping the colors.
        blur: probability of a Gaussian blur with a standard deviation of 0.1 to 2 pixels.
        sharpen: probability of an unsharp mask, as surveillance cameras apply it: up to 2.5 times
            the difference to a blurred image is added.
        noise: probability of Gaussian noise with a standard deviation of up to 15 levels.
        compress: probability of JPEG compression with a quality of 20 to 90, half of the time after
            another unsharp mask.
        erase: probability of erasing a rectangle.
        erase_area: its least and largest share of the image.
        erase_aspect: its least and largest height over width.
        erase_fill: its color: "mean", which is 0 after normalization, or "official", the constants
            that SAN's public code writes into the normalized image.

    Raises:
        InvalidInputError: a value is out of its range.

    Source: SAN's public code (microsoft, transforms.py) for crop, flip and erasing; random erasing
    is arXiv:1708.04896. What the papers leave open, and is ours: mirrored targets, the mean as
    erasing color, and the extents of partial images, which SAN fine-tunes on for its table 4.
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
            "erase_area": (0 < low_area <= high_area < 1, "two rising numbers between 0 and 1"),
            "erase_aspect": (0 < low_aspect <= high_aspect, "two rising positive numbers"),
            "flip_target": (self.flip_target in get_args(FlipTarget), "mirror or keep"),
            "erase_fill": (self.erase_fill in get_args(EraseFill), "mean or official"),
        }
        for name, (holds, text) in allowed.items():
            if not holds:
                raise InvalidInputError(f"{name} {getattr(self, name)!r}: give {text}.")

    @property
    def changes_colors(self) -> bool:
        """Whether anything but geometry and erasing may happen."""
        optics = max(self.blur, self.noise, self.sharpen, self.compress)
        return max(self.jitter, self.grayscale, optics) > 0


NO_AUGMENT = AugmentConfig(crop=0.0, flip=0.0, erase=0.0)
# SAN's public code to the letter.
OFFICIAL_AUGMENT = AugmentConfig(flip_target="keep", erase_fill="official")
# Learning to draw textures: the input varies, the target stays.
SAN_PG_AUGMENT = AugmentConfig(flip=0.0, jitter=0.8)
MODERN_AUGMENT = AugmentConfig(jitter=0.5, grayscale=0.05, blur=0.1)
# From images that were drawn to images that cameras took.
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
