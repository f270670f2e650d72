"""Images without identities, and their cameras where known."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError


@dataclass(frozen=True)
class UnlabeledImages:
    """Paths of N images and the camera of each.

    Attributes:
        paths: of the images, each once.
        cameras: name of the camera of each image; None if the cameras are unknown.

    Raises:
        InvalidInputError: no images, another number of cameras, a path twice, or a camera that is
            known for some images only.
    """

    paths: tuple[str, ...]
    cameras: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if len(set(self.paths)) < len(self.paths) or not self.paths:
            raise InvalidInputError(
                f"{len(self.paths):,} images, {len(set(self.paths)):,} of them different: give "
                "each image once, and at least one."
            )
        if self.cameras is not None and len(self.cameras) != len(self.paths):
            raise InvalidInputError(
                f"{len(self.paths):,} images and {len(self.cameras):,} cameras: give one each."
            )
        unknown = 0 if self.cameras is None else sum(not camera for camera in self.cameras)
        if unknown:
            raise InvalidInputError(
                f"The camera of {unknown:,} of {len(self.paths):,} images is unknown. Give the "
                "camera of every image, or of none."
            )

    @property
    def digest(self) -> str:
        """SHA-256 of the paths and cameras, in hexadecimal digits."""
        content = json.dumps([self.paths, self.cameras])
        return hashlib.sha256(content.encode()).hexdigest()

    def camera_ids(self, paths: Sequence[str]) -> NDArray[np.int64] | None:
        """Return the number of the camera of each of the given images; None if unknown."""
        if self.cameras is None:
            return None
        number = dict(zip(sorted(set(self.cameras)), count()))
        camera = dict(zip(self.paths, self.cameras, strict=True))
        return np.array([number[camera[path]] for path in paths], np.int64)
