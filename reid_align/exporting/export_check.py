"""Comparison of an exported file with its encoder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.cores import available_cores
from reid_align.exporting.pt2_file import open_pt2
from reid_align.features import extract_features
from reid_align.inference.backends import Backend, BackendTarget
from reid_align.inference.exported import FEATURES, Precision
from reid_align.inference.exported.exported_encoder import FILES, PT2
from reid_align.models.encoder import Encoder

# Smallest cosine that is accepted.
LIMITS: Mapping[Precision, float] = {"float32": 0.9995, "float16": 0.995, "int8": 0.995}


@dataclass(frozen=True)
class ExportCheck:
    """Result of a comparison.

    Attributes:
        sizes: height and width of each image.
        cosines: cosine of the features of each image; 1 for equal features.
        limit: smallest cosine that is accepted.
    """

    sizes: tuple[tuple[int, int], ...]
    cosines: tuple[float, ...]
    limit: float

    @property
    def smallest(self) -> float:
        """The smallest cosine; NaN if one is NaN."""
        return float(np.min(self.cosines))

    @property
    def passed(self) -> bool:
        """Whether all cosines reach the limit."""
        return self.smallest >= self.limit

    def __str__(self) -> str:
        """Return one line with the smallest cosine and its image size."""
        height, width = self.sizes[int(np.argmin(self.cosines))]
        return (
            f"smallest cosine {self.smallest:.6f} at {height}×{width}, over {len(self.sizes)} "
            f"images of {len(set(self.sizes))} sizes (limit {self.limit})"
        )


def check_export(
    path: Path, encoder: Encoder, images: Sequence[NDArray[np.uint8]], precision: Precision
) -> ExportCheck:
    """Compare the features of an exported file with those of `extract_features`.

    The file gets each image at its own size and has to do all preprocessing.

    Args:
        path: the file; a ``.pt2`` must come from a trusted source.
        encoder: the encoder that was exported.
        images: at least one image (H, W, 3) uint8 RGB.
        precision: number format, for the limit.
    """
    expected = extract_features(list(images), encoder, device="cpu", channel_order="rgb").values
    run = _open(path)
    cosines = []
    for image, features in zip(images, expected, strict=True):
        [found] = run(torch.from_numpy(image.copy()).permute(2, 0, 1)[None]).numpy()
        # The cosine of vectors of length 1. Another length lowers it.
        difference = found.astype(np.float64) - features
        cosines.append(1 - float(difference @ difference) / 2)
    sizes = tuple((image.shape[0], image.shape[1]) for image in images)
    return ExportCheck(sizes, tuple(cosines), LIMITS[precision])


def _open(path: Path) -> Backend:
    if path.suffix.lower() == PT2:
        return open_pt2(path)
    target = BackendTarget(torch.device("cpu"), threads=available_cores())
    return FILES[path.suffix.lower()](path).open(target, FEATURES)
