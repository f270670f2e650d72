"""Interface of a source of training images."""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.uv import IUV

Pixels = NDArray[np.uint8]
CompanionKind = Literal["texture", "frontal", "external", "iuv"]


class TrainingSource(ABC):
    """N training images with random access; all pixels are RGB (H, W, 3) uint8 of any size.

    Sources can be pickled and used in several processes. Reading a damaged file raises
    ImageReadError or DatasetFormatError with its name.

    Attributes:
        name: name in messages and in the records of a run.
        person_ids: (N,) int64 identities of the dataset; -1 for images without one.
        camera_ids: (N,) int64, -1 if unknown.
        holds: kinds of companions that every image has.
        texture_mask: (256, 256) bool, texels that show a body; None means all.
        advice: how to add missing companions, for the error message.
    """

    name: str
    person_ids: NDArray[np.int64]
    camera_ids: NDArray[np.int64]
    holds: frozenset[CompanionKind]
    texture_mask: NDArray[np.bool_] | None
    advice: ClassVar[str]

    def __len__(self) -> int:
        return len(self.person_ids)

    @abstractmethod
    def image(self, index: int) -> Pixels:
        """Read an image."""

    @abstractmethod
    def texture(self, index: int) -> Pixels:
        """Read the texture of the person in an image."""

    @abstractmethod
    def frontal(self, index: int) -> Pixels:
        """Read the frontal view of the person in an image."""

    @abstractmethod
    def external(self, index: int) -> Pixels:
        """Read the target image that the user supplied for an image."""

    @abstractmethod
    def iuv(self, index: int) -> IUV:
        """Read the dense pose map of an image; all zeros without a detection."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a hash that identifies the data, independent of their location."""

    def require(self, kind: CompanionKind) -> None:
        """Check that every image has a kind of companion.

        Raises:
            InvalidInputError: it is missing.
        """
        if kind not in self.holds:
            raise self.missing(kind)

    def missing(self, kind: CompanionKind) -> InvalidInputError:
        """Return the error for a missing kind of companion."""
        held = ", ".join(sorted(self.holds)) or "none"
        return InvalidInputError(
            f"{self.name}: training needs {kind} data for every image; available: {held}. "
            f"{self.advice}"
        )
