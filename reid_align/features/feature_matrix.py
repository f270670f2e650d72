"""Features in memory, with the image of each row."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features.image_batches import FailedImage


@dataclass(frozen=True)
class Features:
    """Feature matrix and the image name of each row.

    Attributes:
        values: (N, D) float32; row i belongs to ``paths[i]``.
        paths: N names: the path, or ``input[i]`` for an image in memory.
        failed: the images that could not be read; they have no row.
        digest: digest of weights, preprocessing and options (see `feature_digest`); "" if unknown.

    Raises:
        InvalidInputError: the number of rows and of names differ.
    """

    values: NDArray[np.float32]
    paths: tuple[str, ...]
    failed: tuple[FailedImage, ...] = ()
    digest: str = ""

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or len(self.values) != len(self.paths):
            raise InvalidInputError(
                f"Features of shape {self.values.shape} for {len(self.paths)} images: give one "
                "row for each image."
            )

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Rows with features, (N,) bool: False for the boxes in ``failed``."""
        return np.asarray(~np.isnan(self.values).any(axis=1))
