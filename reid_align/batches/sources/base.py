"""What training reads from: images in any order, and what belongs to each of them."""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.uv import IUV

Pixels = NDArray[np.uint8]
Extra = Literal["texture", "frontal", "external", "iuv"]


class Source(ABC):
    """N training images with random access; all pixels are RGB (H, W, 3) uint8 of any size.

    A source may be pickled and used in several processes at once. Whatever is wrong with a file is
    an ImageReadError or a DatasetFormatError with its name.

    Attributes:
        name: as messages and records of a run show it.
        person_ids: (N,) int64, as the dataset numbers persons; -1 where a image is of nobody.
        camera_ids: (N,) int64, -1 where the camera is not known.
        holds: what there is beside the images.
        texture_mask: (256, 256) bool, the texels that show a body; None means all.
        advice: what to do if something is missing, for the error message.
    """

    name: str
    person_ids: NDArray[np.int64]
    camera_ids: NDArray[np.int64]
    holds: frozenset[Extra]
    texture_mask: NDArray[np.bool_] | None
    advice: ClassVar[str]

    def __len__(self) -> int:
        return len(self.person_ids)

    @abstractmethod
    def image(self, index: int) -> Pixels:
        """Return a image."""

    @abstractmethod
    def texture(self, index: int) -> Pixels:
        """Return the texture of the person on a image."""

    @abstractmethod
    def frontal(self, index: int) -> Pixels:
        """Return the person on a image as seen from the front."""

    @abstractmethod
    def external(self, index: int) -> Pixels:
        """Return the image to be drawn from a image, as the user supplied it."""

    @abstractmethod
    def iuv(self, index: int) -> IUV:
        """Return the dense map of a image; an empty map where nobody was detected."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a text that is the same for the same data, wherever it lies, and no other."""

    def require(self, extra: Extra) -> None:
        """Refuse a source without something that training needs.

        Raises:
            InvalidInputError: it is not there.
        """
        if extra not in self.holds:
            raise self.lacks(extra)

    def lacks(self, extra: Extra) -> InvalidInputError:
        """Return the error that says that something is not there."""
        held = ", ".join(sorted(self.holds)) or "nothing"
        return InvalidInputError(
            f"{self.name}: training needs {extra} for every image, and beside the images this "
            f"source holds {held}. {self.advice}"
        )
