"""How a source is cut into batches: what a recipe says about it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from reid_align.batches.camera_sampling import camera_batches
from reid_align.batches.identity_sampling import Indices, pk_batches, plain_batches
from reid_align.errors import InvalidInputError


class Batching(ABC):
    """How a source is cut into batches."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Images in a batch, over all processes."""

    @property
    @abstractmethod
    def units(self) -> int:
        """Pieces of a batch that must not be torn between processes."""

    @abstractmethod
    def batches(
        self, person_ids: Indices, camera_ids: Indices, seed: int, epoch: int
    ) -> list[Indices]:
        """Return the batches of an epoch: arrays of ``size`` indices.

        Args:
            person_ids: (N,) who is on each image.
            camera_ids: (N,) which camera took it; -1 where that is not known.
            seed: of the run.
            epoch: which one.
        """


@dataclass(frozen=True)
class PkBatching(Batching):
    """``people`` persons with ``images`` of each; see `pk_batches`.

    Attributes:
        people: in a batch.
        images: of each.
        cameras: that took a batch, as in `camera_batches`; 0 leaves it to chance.

    Raises:
        InvalidInputError: less than no cameras.
    """

    people: int = 16
    images: int = 4
    cameras: int = 0

    def __post_init__(self) -> None:
        if self.cameras < 0:
            raise InvalidInputError(
                f"Batches of {self.cameras} cameras: give a number, or 0 for any."
            )

    @property
    def size(self) -> int:
        """Images in a batch."""
        return self.people * self.images

    @property
    def units(self) -> int:
        """The persons."""
        return self.people

    def batches(
        self, person_ids: Indices, camera_ids: Indices, seed: int, epoch: int
    ) -> list[Indices]:
        """Return the batches of an epoch."""
        if not self.cameras:
            return pk_batches(person_ids, self.people, self.images, seed, epoch)
        return camera_batches(
            person_ids, camera_ids, self.people, self.images, self.cameras, seed, epoch
        )


@dataclass(frozen=True)
class PlainBatching(Batching):
    """``images`` at a time, whoever is on them; see `plain_batches`."""

    images: int = 64

    @property
    def size(self) -> int:
        """Images in a batch."""
        return self.images

    @property
    def units(self) -> int:
        """The images."""
        return self.images

    def batches(
        self, person_ids: Indices, camera_ids: Indices, seed: int, epoch: int
    ) -> list[Indices]:
        """Return the batches of an epoch."""
        return plain_batches(len(person_ids), self.images, seed, epoch)
