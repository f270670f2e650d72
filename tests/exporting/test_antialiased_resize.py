"""The resize in exported graphs is Pillow's."""

from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align.exporting import resize_images
from reid_align.preprocess import Interpolation, Preprocess

SIZES = [
    (1, 1), (7, 3), (40, 20), (97, 41), (64, 32), (128, 64), (333, 127), (720, 360), (100, 300),
]  # fmt: skip


@pytest.mark.parametrize("interpolation", get_args(Interpolation))
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_resize_equals_pillow(interpolation: Interpolation, height: int, width: int) -> None:
    random = np.random.default_rng(height)
    image = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    expected = Preprocess(64, 32, interpolation=interpolation).resize(image)
    batch = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    found = resize_images(batch, 64, 32, interpolation)[0].permute(1, 2, 0).numpy()
    difference = np.abs(found - expected)
    # One level where Pillow's sum is within rounding of a half.
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.01


def test_an_image_of_the_input_size_is_unchanged() -> None:
    image = torch.randint(0, 256, (2, 3, 64, 32), generator=torch.manual_seed(0)).float()
    assert torch.equal(resize_images(image, 64, 32, "bicubic"), image)


def test_a_batch_gives_the_rows_of_single_images() -> None:
    images = torch.randint(0, 256, (3, 3, 50, 21), generator=torch.manual_seed(0)).float()
    whole = resize_images(images, 64, 32, "bilinear")
    for index in range(3):
        assert torch.equal(
            whole[index], resize_images(images[index : index + 1], 64, 32, "bilinear")[0]
        )


def test_downsampling_is_antialiased() -> None:
    # Stripes of one pixel become gray; without antialiasing they stay black and white.
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    batch = torch.from_numpy(stripes).permute(2, 0, 1)[None].float()
    found = resize_images(batch, 16, 16, "bilinear")
    assert 96 < float(found.min()) <= float(found.max()) < 160
    pillow = np.asarray(Image.fromarray(stripes).resize((16, 16), Image.Resampling.BILINEAR))
    assert np.abs(found[0].permute(1, 2, 0).numpy() - pillow).max() <= 1
