"""Smoothing and stretching against naive implementations, and edge cases."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from reid_align.filters import smooth, stretch
from reid_align.preprocess import Preprocess

RANDOM = np.random.default_rng(0)
Plane = NDArray[np.float64]


def sample_images(count: int = 3, height: int = 24, width: int = 12) -> torch.Tensor:
    return torch.from_numpy(RANDOM.integers(0, 256, (count, 3, height, width), dtype=np.uint8))


def blurred(plane: Plane, sigma: float) -> Plane:
    """Naive Gaussian blur, one pixel at a time."""
    reach = int(np.ceil(3 * sigma))
    padded = np.pad(plane, reach, mode="edge")
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    kernel = np.outer(weights, weights) / weights.sum() ** 2
    found = np.empty_like(plane)
    for row, column in np.ndindex(plane.shape):
        window = padded[row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        found[row, column] = (window * kernel).sum()
    return found


@pytest.mark.parametrize("sigma", [0.4, 1.0, 3.0])
def test_smoothing_is_a_weighted_mean_of_the_neighbors(sigma: float) -> None:
    images = sample_images()
    expected = [[blurred(plane, sigma) for plane in image] for image in images.double().numpy()]
    np.testing.assert_allclose(smooth(images, sigma).numpy(), np.array(expected), atol=1e-3)


def test_smoothing_is_close_to_pillows_gaussian_blur() -> None:
    image = RANDOM.integers(0, 256, (48, 24, 3), dtype=np.uint8)
    soft = Image.fromarray(image).filter(ImageFilter.GaussianBlur(2))
    ours = smooth(torch.from_numpy(image).permute(2, 0, 1)[None], 2.0)[0].permute(1, 2, 0)
    # Pillow approximates it with box blurs in 8 bits.
    assert np.abs(ours.numpy() - np.asarray(soft, np.float32)).mean() < 1.5


def test_smoothing_keeps_a_uniform_image() -> None:
    flat = torch.full((1, 3, 9, 5), 77, dtype=torch.uint8)
    torch.testing.assert_close(smooth(flat, 4.0), flat.float())


def test_filters_ignore_autocast() -> None:
    images = sample_images()
    preprocess = Preprocess(24, 12, smoothing=1.0, stretch=0.02)
    expected = preprocess.normalize(images)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(preprocess.normalize(images), expected)


def test_zero_turns_the_filters_off() -> None:
    images = sample_images()
    assert torch.equal(smooth(images, 0.0), images.float())
    assert torch.equal(stretch(images.float(), 0.0), images.float())


def test_exposure_and_contrast_are_removed() -> None:
    images = 40 + sample_images(height=128, width=64).float() / 2
    brighter = images * 1.3 + 9
    torch.testing.assert_close(stretch(images, 0.01), stretch(brighter, 0.01), atol=1e-2, rtol=0)


def test_a_share_of_the_values_becomes_black_and_white() -> None:
    images = sample_images(height=128, width=64).float()
    levels = stretch(images, 0.1)
    # Uniform levels, estimated from a quarter of the pixels.
    assert (levels == 0).float().mean() == pytest.approx(0.1, abs=0.02)
    assert (levels == 255).float().mean() == pytest.approx(0.1, abs=0.02)
    tint = images * torch.tensor([1.0, 0.5, 0.5]).view(3, 1, 1)
    red, green, _ = stretch(tint, 0.01).mean((0, 2, 3))
    assert red > green


def test_stretching_makes_a_uniform_image_black() -> None:
    assert torch.equal(stretch(torch.full((2, 3, 8, 4), 90.0), 0.01), torch.zeros(2, 3, 8, 4))
    assert stretch(torch.full((1, 3, 1, 1), 90.0), 0.25).shape == (1, 3, 1, 1)
    assert stretch(torch.zeros(0, 3, 8, 4), 0.01).shape == (0, 3, 8, 4)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_preprocessing_smooths_then_stretches_then_scales(
    memory_format: torch.memory_format,
) -> None:
    images = sample_images().contiguous(memory_format=memory_format)
    preprocess = Preprocess(24, 12, smoothing=1.0, stretch=0.02)
    normalized = preprocess.normalize(images)
    assert normalized.is_contiguous(memory_format=memory_format)
    expected = preprocess.scale(stretch(smooth(images, 1.0), 0.02))
    assert torch.equal(normalized, expected)
    assert not torch.equal(normalized, preprocess.scale(images))
