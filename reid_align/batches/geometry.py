"""Which pixels of a image are taken: the same for everything that lies on it pixel by pixel."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reid_align.batches.augment import AugmentConfig
from reid_align.preprocess import Interpolation, Preprocess

# Source: ours, as SAN does not say how it cuts its partial images: least height and width.
_PARTIAL_LEAST = (0.5, 0.7)


@dataclass(frozen=True)
class Geometry:
    """What chance has decided for one image.

    Attributes:
        piece: top, left, height and width of what is taken, as shares of the image.
        enlarged: height and width that the piece is resized to.
        corner: row and column at which the output begins in the resized piece.
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
        """Return (height, width, 3), of the size that ``preprocess`` states.

        Without any change this is ``preprocess.resize``, as at inference.

        Args:
            image: (H, W, 3) of any size.
            preprocess: size and interpolation.
            interpolation: another one; "nearest" for dense maps, whose values must not be mixed.
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


def draw_geometry(
    config: AugmentConfig, preprocess: Preprocess, rng: np.random.Generator
) -> Geometry:
    """Draw the geometry of one image."""
    piece, factor = (0.0, 0.0, 1.0, 1.0), 1.0
    if rng.random() < config.partial:
        height, width = (float(rng.uniform(least, 1)) for least in _PARTIAL_LEAST)
        piece = (rng.random() * (1 - height), rng.random() * (1 - width), height, width)
    if rng.random() < config.crop:
        factor = config.enlarge
    enlarged = round(preprocess.height * factor), round(preprocess.width * factor)
    slack = enlarged[0] - preprocess.height, enlarged[1] - preprocess.width
    corner = int(rng.integers(slack[0] + 1)), int(rng.integers(slack[1] + 1))
    return Geometry(piece, enlarged, corner, bool(rng.random() < config.flip))
