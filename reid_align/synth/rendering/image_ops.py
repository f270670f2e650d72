"""Typed wrappers of OpenCV functions on images."""

import cv2
import numpy as np

from reid_align.synth.array_types import Floats, Pixels


def resize(image: Floats, height: int, width: int) -> Floats:
    """Resize an image (H, W) or (H, W, C); averages over areas when the image gets smaller."""
    smaller = height * width < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), image.dtype)


def blur(image: Floats, sigma: float) -> Floats:
    """Apply a Gaussian blur of ``sigma`` pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), image.dtype)


def warp_affine(image: Floats, matrix: Floats, height: int, width: int) -> Floats:
    """Warp an image with the affine ``matrix`` (2, 3) into ``height`` × ``width`` pixels."""
    return np.asarray(cv2.warpAffine(image, matrix, (width, height)), image.dtype)


def sample_affine(
    image: Pixels | Floats, matrix: Floats, height: int, width: int, smooth: bool
) -> Floats:
    """Sample ``height`` × ``width`` pixels at the positions that ``matrix`` (2, 3) maps them to.

    Reads the mirrored image outside the image. ``smooth`` interpolates linearly.
    """
    flags = (cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST) | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REFLECT_101
    found = cv2.warpAffine(image, matrix, (width, height), flags=flags, borderMode=border)
    return np.asarray(found, image.dtype)
