"""Preprocessing against torchvision's transforms, and invalid settings."""

import hashlib

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from reid_align.errors import InvalidInputError
from reid_align.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess

GOLDEN_DIGESTS = ["6a31e9", "f170f6", "1f386e", "55f190"]
RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos"])
def test_resize_and_normalize_equal_torchvision_on_pil_images(interpolation: str) -> None:
    image = RANDOM.integers(0, 256, (151, 67, 3), dtype=np.uint8)
    preprocess = Preprocess(64, 32, interpolation=interpolation)
    resized = torch.from_numpy(preprocess.resize(image).copy())
    ours = preprocess.normalize(resized.permute(2, 0, 1)[None])
    theirs = v2.Compose(
        [
            # Columns first: Pillow's own order depends on its version.
            v2.Resize((151, 32), v2.InterpolationMode(interpolation)),
            v2.Resize((64, 32), v2.InterpolationMode(interpolation)),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(IMAGENET_MEAN, IMAGENET_STD),
        ]
    )(Image.fromarray(image))
    torch.testing.assert_close(ours[0], theirs, rtol=0, atol=2e-6)


def test_every_version_of_pillow_gives_the_same_pixels() -> None:
    """Golden, from Pillow 12.3.0; version 13 resizes rows first where that is cheaper."""
    image = np.random.default_rng(97).integers(0, 256, (97, 41, 3), np.uint8)
    digests = [
        hashlib.md5(Preprocess(64, 32, interpolation=name).resize(image).tobytes()).hexdigest()[:6]
        for name in ("nearest", "bilinear", "bicubic", "lanczos")
    ]
    assert digests == GOLDEN_DIGESTS


def test_an_image_of_the_right_size_is_not_resampled() -> None:
    image = RANDOM.integers(0, 256, (64, 32, 3), dtype=np.uint8)
    assert np.array_equal(Preprocess(64, 32).resize(image), image)


def test_normalize_keeps_the_memory_format_and_its_input() -> None:
    batch = torch.from_numpy(RANDOM.integers(0, 256, (2, 8, 4, 3), dtype=np.uint8))
    before = batch.clone()
    normalized = Preprocess(8, 4).normalize(batch.permute(0, 3, 1, 2))
    assert normalized.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(batch, before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"height": 0}, "from 1 to 2048"),
        ({"width": -1}, "from 1 to 2048"),
        ({"height": 60_000}, "from 1 to 2048"),
        ({"mean": (0.5, 0.5)}, "mean .* three numbers from -1 to 1"),
        ({"mean": (0.5, 0.5, float("nan"))}, "mean .* three numbers"),
        ({"mean": (1e38, 0.5, 0.5)}, "mean .* three numbers"),
        ({"mean": (123.675, 116.28, 103.53)}, "mean .* three numbers"),
        ({"std": (0.2, float("inf"), 0.2)}, "std .* three numbers from 0.001 to 10"),
        ({"std": (0.2, 0.0, 0.2)}, "std .* three numbers"),
        ({"std": (1e-30, 0.2, 0.2)}, "std .* three numbers"),
        ({"smoothing": -0.5}, "smoothing -0.5: give a number from 0 to 8"),
        ({"smoothing": float("nan")}, "smoothing nan"),
        ({"stretch": 0.3}, "stretch 0.3: give a number from 0 to 0.25"),
        ({"interpolation": "area"}, "choose one of nearest, bilinear"),
    ],
)
def test_invalid_settings_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Preprocess(**arguments)
