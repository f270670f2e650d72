"""Random crop and flip, shared by an image and its dense pose map."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reid_align.batches.augmentation import AugmentConfig
from reid_align.preprocess import Interpolation, Preprocess

# Minimum height and width of partial images. Source: ours; SAN does not state how it crops them.
_PARTIAL_LEAST = (0.5, 0.7)


@dataclass(frozen=True)
class SpatialTransform:
    """Crop and flip of one image.

    Attributes:
        piece: top, left, height and width of the region, as fractions of the image.
        enlarged: height and width that the region is resized to.
        corner: row and column of the output's top-left corner in the resized region.
        flip: whether the output is mirrored.
    """

    piece: tuple[float, float, float, float]
    enlarged: tuple[int, int]
    corner: tuple[int, int]
    flip: bool

    def apply(
        self,
        image: NDArray[np.uint8],
        preprocess: Preprocess,
        interpolation: Interpolation | None = None,
    ) -> NDArray[np.uint8]:
        """Return the transformed image, (height, width, 3) of the size of ``preprocess``.

        The identity transform equals ``preprocess.resize``, as at inference.

        Args:
            image: (H, W, 3) of any size.
            preprocess: output size and interpolation.
            interpolation: overrides that of ``preprocess``; "nearest" for dense pose maps.
        """
        rows, columns = image.shape[:2]
        top, left, height, width = self.piece
        first_row, first_column = int(top * rows), int(left * columns)
        piece = image[
            first_row : first_row + max(1, round(height * rows)),
            first_column : first_column + max(1, round(width * columns)),
        ]
        resized = replace(
            preprocess,
            height=self.enlarged[0],
            width=self.enlarged[1],
            interpolation=interpolation or preprocess.interpolation,
        ).resize(piece)
        row, column = self.corner
        cut = resized[row : row + preprocess.height, column : column + preprocess.width]
        return cut[:, ::-1] if self.flip else cut


def draw_transform(
    config: AugmentConfig, preprocess: Preprocess, rng: np.random.Generator
) -> SpatialTransform:
    """Draw the crop and flip of one image."""
    piece, factor = (0.0, 0.0, 1.0, 1.0), 1.0
    if rng.random() < config.partial:
        height, width = (float(rng.uniform(least, 1)) for least in _PARTIAL_LEAST)
        piece = (rng.random() * (1 - height), rng.random() * (1 - width), height, width)
    if rng.random() < config.crop:
        factor = config.enlarge
    enlarged = round(preprocess.height * factor), round(preprocess.width * factor)
    slack = enlarged[0] - preprocess.height, enlarged[1] - preprocess.width
    corner = int(rng.integers(slack[0] + 1)), int(rng.integers(slack[1] + 1))
    return SpatialTransform(piece, enlarged, corner, bool(rng.random() < config.flip))
