"""Errors of textures and dense pose maps against the ground truth."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.studies.synthetic_truth import Truth
from reid_align.batches.sources.texture_mask import TEXTURE_SIZE, read_mask
from reid_align.body_atlas import NUM_PARTS, UV_MAX
from reid_align.datasets import read_image
from reid_align.datasets.image_store import read_iuv
from reid_align.datasets.synthetic_set import SyntheticSet
from reid_align.unwrapping import Unwrapper

BATCH = 32
# Source: Wang et al., Image quality assessment, IEEE TIP 2004: an 11×11 Gaussian window of 1.5
# pixels, and the two constants for values in [0, 1].
WINDOW, DEVIATION = 11, 1.5
C1, C2 = 0.01**2, 0.03**2
Pixels = NDArray[np.uint8]
# Maps image names to textures (N, 3, 256, 256) in [0, 1].
Draw = Callable[[Sequence[str]], Tensor]


def texture_errors(truth: Truth, draw: Draw, folder: Path) -> dict[str, float]:
    """Return the mean "l1" (levels of 255) and "ssim" over the valid texels of all images.

    Args:
        truth: ground truth of the images.
        draw: function from image names to textures.
        folder: folder of the synthetic set.
    """
    mask = read_mask(folder)
    counted = torch.ones(TEXTURE_SIZE, TEXTURE_SIZE) if mask is None else torch.from_numpy(mask)
    share = counted.float() / counted.sum()
    l1, likeness = [], []
    for start in range(0, len(truth.names), BATCH):
        rows = slice(start, start + BATCH)
        drawn = draw(truth.names[rows])
        true = _planes([read_image(name) for name in truth.textures[rows]])
        l1 += ((drawn - true).abs().mean(1) * share).sum((1, 2)).tolist()
        likeness += (ssim(drawn, true) * share).sum((1, 2)).tolist()
    return {"l1": UV_MAX * float(np.mean(l1)), "ssim": float(np.mean(likeness))}


def drawn_by(unwrapper: Unwrapper) -> Draw:
    """Return a function that predicts textures with a network."""
    return lambda names: _planes(list(unwrapped(map(read_image, names), unwrapper)))


def unwrapped(images: Iterable[Pixels], unwrapper: Unwrapper) -> Pixels:
    """Run a network on images: (N, H, W, 3) uint8, in the network's size."""
    return unwrapper(np.stack([unwrapper.preprocess.resize(image) for image in images]))


def estimated_map(image: Pixels, unwrapper: Unwrapper) -> Pixels:
    """Return the dense pose map (H, W, 3) uint8 of an image, in the image's size."""
    height, width = image.shape[:2]
    return unwrapper.fit(unwrapped([image], unwrapper)[0], (height, width))


def mean_texture_baseline(found: SyntheticSet) -> Draw:
    """Return a function that predicts the mean training texture for every image."""
    mean = mean_texture(found)
    return lambda names: mean.expand(len(names), -1, -1, -1)


def mean_texture(found: SyntheticSet) -> Tensor:
    """Return the mean texture (3, 256, 256) of the training identities, in [0, 1]."""
    names = found.names("people", "texture")
    rows = np.unique(found.people[found.splits == 0])
    total = torch.zeros(3, TEXTURE_SIZE, TEXTURE_SIZE)
    for row in rows:
        total += _planes([read_image(names[row])])[0]
    return total / max(len(rows), 1)


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Return the structural similarity at every pixel, averaged over colors.

    Args:
        a: (N, 3, H, W) in [0, 1].
        b: same shape and range.

    Returns:
        (N, H, W), 1 for identical pixels.

    Source: Wang et al., IEEE TIP 2004, equation 13.
    """
    mean_a, mean_b = _smooth(a), _smooth(b)
    spread_a, spread_b = _smooth(a * a) - mean_a**2, _smooth(b * b) - mean_b**2
    together = _smooth(a * b) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + C1) * (2 * together + C2)
    return (likeness / ((mean_a**2 + mean_b**2 + C1) * (spread_a + spread_b + C2))).mean(1)


def map_errors(truth: Truth, unwrapper: Unwrapper) -> dict[str, float]:
    """Return the errors of estimated dense pose maps.

    "body_iou" and "part_iou" are intersection over union in percent over all pixels of all
    images; "part_iou" is the mean over the parts that occur. "uv_error" is the mean distance on
    the chart in percent of its width, over pixels with the correct part.
    """
    size = NUM_PARTS + 1
    counts = np.zeros((size, size), np.int64)
    distance, pixels = 0.0, 0
    for row, name in enumerate(truth.names):
        drawn = estimated_map(read_image(name), unwrapper).astype(np.int64)
        true = np.moveaxis(read_iuv(truth.maps[row]).planes.numpy(), 0, -1).astype(np.int64)
        pairs = true[..., 0].ravel() * size + drawn[..., 0].ravel()
        counts += np.bincount(pairs, minlength=size * size).reshape(size, size)
        agreed = (true[..., 0] == drawn[..., 0]) & (true[..., 0] > 0)
        apart = (true - drawn)[agreed][:, 1:] / UV_MAX
        distance += float(np.hypot(*apart.T).sum())
        pixels += int(agreed.sum())
    return {**overlaps(counts), "uv_error": 100 * distance / pixels if pixels else float("nan")}


def overlaps(counts: NDArray[np.int64]) -> dict[str, float]:
    """Return "body_iou" and "part_iou" in percent.

    Args:
        counts: (25, 25) pixel counts by true and estimated part; 0 is background.
    """
    hits = np.diag(counts)
    unions = counts.sum(0) + counts.sum(1) - hits
    occurs = counts.sum(1)[1:] > 0
    body = counts[1:, 1:].sum() / max(counts.sum() - counts[0, 0], 1)
    parts = hits[1:][occurs] / unions[1:][occurs]
    return {
        "body_iou": 100 * float(body),
        "part_iou": 100 * float(parts.mean()) if len(parts) else float("nan"),
    }


def _planes(images: Sequence[Pixels]) -> Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / UV_MAX


def _smooth(planes: Tensor) -> Tensor:
    places = torch.arange(WINDOW) - WINDOW // 2
    weights = torch.exp(-(places**2) / (2 * DEVIATION**2))
    weights = (weights / weights.sum()).expand(planes.shape[1], 1, 1, WINDOW)
    half, groups = WINDOW // 2, planes.shape[1]
    padded = F.pad(planes, (half, half, half, half), mode="reflect")
    across = F.conv2d(padded, weights, groups=groups)
    return F.conv2d(across, weights.transpose(2, 3), groups=groups)
