"""Random colors and camera effects of an image, drawn once and applied to one or more images."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from reid_align.batches import camera_effects, color_jitter
from reid_align.batches.augmentation import AugmentConfig

_BLUR_SIGMA = 0.1, 2.0
_SHARPEN = 2.5
_SHARPEN_AGAIN = 0.5
_NOISE = 15.0
_QUALITY = 20, 90


@dataclass(frozen=True)
class CameraStyle:
    """Color changes and camera effects, in the order of application; None applies nothing.

    Attributes:
        factors: of brightness, contrast and saturation.
        tint: factors of red, green and blue.
        gamma: exponent.
        gray: whether to convert to grayscale.
        blur: standard deviation in pixels.
        sharpen: strength of the unsharp mask.
        noise: standard deviation, of 255.
        sharpen_again: strength of an unsharp mask before compression, which amplifies noise as
            many cameras do.
        quality: of the JPEG compression.
    """

    factors: tuple[float, float, float] | None = None
    tint: tuple[float, float, float] | None = None
    gamma: float | None = None
    gray: bool = False
    blur: float | None = None
    sharpen: float | None = None
    noise: float | None = None
    sharpen_again: float | None = None
    quality: int | None = None

    def apply(self, image: Tensor, rng: np.random.Generator) -> Tensor:
        """Return the changed image (3, H, W) uint8; ``rng`` draws the noise."""
        if self.factors is not None:
            image = color_jitter.adjust_colors(image, self.factors)
        if self.tint is not None:
            image = color_jitter.adjust_tint(image, self.tint)
        if self.gamma is not None:
            image = color_jitter.adjust_gamma(image, self.gamma)
        if self.gray:
            image = color_jitter.remove_colors(image)
        if self.blur is not None:
            image = camera_effects.blur(image, self.blur)
        if self.sharpen is not None:
            image = camera_effects.sharpen(image, self.sharpen)
        if self.noise is not None:
            image = camera_effects.add_noise(image, self.noise, rng)
        if self.sharpen_again is not None:
            image = camera_effects.sharpen(image, self.sharpen_again)
        if self.quality is not None:
            image = camera_effects.compress(image, self.quality)
        return image


def draw_style(config: AugmentConfig, rng: np.random.Generator) -> CameraStyle:
    """Draw a style with the probabilities and strengths of the settings."""
    factors = tint = gamma = blur = sharpen = noise = sharpen_again = quality = None
    if rng.random() < config.jitter:
        factors = _around_one(rng, config.brightness, config.contrast, config.saturation)
        tint = _around_one(rng, *[config.tint] * 3) if config.tint else None
        gamma = (1 + config.gamma) ** float(rng.uniform(-1, 1)) if config.gamma else None
    gray = rng.random() < config.grayscale
    if rng.random() < config.blur:
        blur = float(rng.uniform(*_BLUR_SIGMA))
    if rng.random() < config.sharpen:
        sharpen = float(rng.uniform(0, _SHARPEN))
    if rng.random() < config.noise:
        noise = float(rng.uniform(0, _NOISE))
    if rng.random() < config.compress:
        if rng.random() < _SHARPEN_AGAIN:
            sharpen_again = float(rng.uniform(0, _SHARPEN))
        quality = int(rng.integers(*_QUALITY, endpoint=True))
    return CameraStyle(factors, tint, gamma, gray, blur, sharpen, noise, sharpen_again, quality)


def _around_one(
    rng: np.random.Generator, first: float, second: float, third: float
) -> tuple[float, float, float]:
    """Draw three factors, each uniform in 1 ± its strength."""
    one, two, three = (float(rng.uniform(1 - s, 1 + s)) for s in (first, second, third))
    return one, two, three
