"""Camera response: tone, color, blur, noise and compression."""

import cv2
import numpy as np

from reid_align.synth.array_types import Floats, Pixels
from reid_align.synth.rendering.image_ops import blur, resize
from reid_align.synth.scenes.cameras import Response

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def photograph(light: Floats, response: Response, rows: int, rng: np.random.Generator) -> Pixels:
    """Return the image (H, W, 3) uint8 that a camera records.

    Args:
        light: (H, W, 3) linear RGB, 1 is display white at an exposure of 1.
        response: response of the camera.
        rows: height of the crop on the sensor in pixels; it is enlarged to H.
        rng: random generator of the variation between images.
    """
    height, width = light.shape[:2]
    if rows < height:
        columns = max(12, round(rows * width / height))
        light = resize(light, rows, columns)
    softness = response.blur * rng.uniform(0.5, 1.4) * light.shape[0] / height
    if softness > 0.2:
        light = blur(light, softness)
    if rng.random() < 0.06:
        light = np.asarray(cv2.blur(light, (int(rng.integers(2, 6)), 1)), np.float32)
    shown = _tone(light, response, rng)
    shown = _sharpen(shown, response.sharpening * float(rng.uniform(0.6, 1.3)))
    grain = rng.standard_normal(shown.shape[:2], np.float32)[..., None]
    colored = rng.standard_normal(shown.shape, np.float32)
    shown += np.float32(response.noise) * (0.75 * grain + 0.5 * colored)
    stored = np.round(shown.clip(0, 1) * 255).astype(np.uint8)
    stored = _compress(stored, int(np.clip(response.quality + rng.normal(0, 6), 25, 97)))
    if stored.shape[0] == height:
        return stored
    return np.asarray(cv2.resize(stored, (width, height)), np.uint8)


def _tone(light: Floats, response: Response, rng: np.random.Generator) -> Floats:
    exposure = response.exposure * np.exp(rng.normal(0, 0.1))
    balance = response.balance * np.exp(rng.normal(0, 0.02, 3))
    # The matrix applies white balance, saturation and exposure.
    matrix = response.saturation * np.eye(3) + (1 - response.saturation) * _LUMA
    matrix = (matrix * balance * exposure).astype(np.float32)
    shown = cv2.transform(light, matrix).clip(1e-5, 4)
    shown = cv2.pow(shown, response.gamma / 2.2)
    # Highlights roll off before clipping.
    shown = np.where(shown > 0.8, 0.8 + 0.25 * np.tanh((shown - 0.8) / 0.25), shown)
    middle = 0.45
    shown = middle + (shown - middle) * response.contrast
    shown = (shown - response.black) / (1 - response.black)
    return np.asarray(shown + response.cast * (1 - shown).clip(0, 1), np.float32)


def _sharpen(shown: Floats, strength: float) -> Floats:
    if strength < 0.05:
        return shown
    return np.asarray(shown + np.float32(strength) * (shown - blur(shown, 1.0)))


def _compress(stored: Pixels, quality: int) -> Pixels:
    _, data = cv2.imencode(".jpg", stored[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, quality))
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]
