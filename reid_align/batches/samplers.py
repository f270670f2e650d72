"""Batch samplers: the images of each batch, as a pure function of the seed and the epoch."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np

from reid_align.batches.pk_sampling import (
    KEY,
    Draw,
    Indices,
    camera_batches,
    draw_any,
    pk_batches,
)
from reid_align.batches.similar_identities import draw_similar
from reid_align.checks import at_least_one
from reid_align.errors import InvalidInputError


class Sampler(ABC):
    """Draws the batches of an epoch; all sizes are totals over the training processes."""

    @property
    @abstractmethod
    def batch_size(self) -> int:
        """Images per batch."""

    @property
    @abstractmethod
    def num_groups(self) -> int:
        """Equal groups of consecutive images that must stay in one process."""

    @abstractmethod
    def batches(
        self, person_ids: Indices, camera_ids: Indices, seed: int, epoch: int
    ) -> list[Indices]:
        """Return the batches of an epoch, each an array of ``batch_size`` indices.

        Args:
            person_ids: (N,) identity of each image.
            camera_ids: (N,) camera of each image; -1 if unknown.
            seed: seed of the run.
            epoch: epoch number.
        """


@dataclass(frozen=True)
class PKSampler(Sampler):
    """Batches of ``num_identities`` identities with ``num_instances`` images each.

    Attributes:
        num_identities: identities per batch (P).
        num_instances: images per identity (K).
        num_cameras: cameras per batch, see `camera_batches`; 0 ignores cameras (`pk_batches`).
        num_similar: identities per group of similar ones, as the initial weights see them; see
            `draw_similar`. 1 draws all identities at random.

    Raises:
        InvalidInputError: ``num_cameras`` is negative, or ``num_similar`` below 1.
    """

    num_identities: int = 16
    num_instances: int = 4
    num_cameras: int = 0
    num_similar: int = 1

    def __post_init__(self) -> None:
        at_least_one("num_similar", self.num_similar)
        if self.num_cameras < 0:
            raise InvalidInputError(
                f"num_cameras={self.num_cameras}: give a number of cameras, or 0 to ignore cameras."
            )

    @property
    def batch_size(self) -> int:
        """Images per batch."""
        return self.num_identities * self.num_instances

    @property
    def num_groups(self) -> int:
        """One group per identity."""
        return self.num_identities

    def batches(
        self, person_ids: Indices, camera_ids: Indices, seed: int, epoch: int
    ) -> list[Indices]:
        """Return the batches of an epoch.

        Raises:
            InvalidInputError: groups of similar identities, which `SimilarSampler` draws.
        """
        if self.num_similar > 1:
            raise InvalidInputError(
                f"num_similar={self.num_similar} needs the nearest identities of each identity. "
                "Use SimilarSampler, or set num_similar=1."
            )
        return self.draw_batches(person_ids, camera_ids, seed, epoch, draw_any)

    def draw_batches(
        self, person_ids: Indices, camera_ids: Indices, seed: int, epoch: int, draw: Draw
    ) -> list[Indices]:
        """Return the batches of an epoch, with ``draw`` for the identities of a batch."""
        sizes = self.num_identities, self.num_instances
        if not self.num_cameras:
            return pk_batches(person_ids, *sizes, seed, epoch, draw)
        return camera_batches(person_ids, camera_ids, *sizes, self.num_cameras, seed, epoch, draw)


@dataclass(frozen=True)
class SimilarSampler(Sampler):
    """Batches of a `PKSampler` with groups of ``num_similar`` similar identities.

    Attributes:
        sampler: the sampler.
        nearest: of the identities in the order of their ids, from `nearest_identities`.
    """

    sampler: PKSampler
    nearest: Indices = field(repr=False)

    @property
    def batch_size(self) -> int:
        """Images per batch."""
        return self.sampler.batch_size

    @property
    def num_groups(self) -> int:
        """One group per identity."""
        return self.sampler.num_groups

    def batches(
        self, person_ids: Indices, camera_ids: Indices, seed: int, epoch: int
    ) -> list[Indices]:
        """Return the batches of an epoch."""
        return self.sampler.draw_batches(person_ids, camera_ids, seed, epoch, self._draw)

    def _draw(self, eligible: Indices, count: int, rng: np.random.Generator) -> Indices:
        return draw_similar(eligible, self.nearest, count, self.sampler.num_similar, rng)


@dataclass(frozen=True)
class RandomSampler(Sampler):
    """Batches of ``batch_size`` random images, without replacement; drops the incomplete last one.

    Needs no identities.
    """

    batch_size: int = 64

    @property
    def num_groups(self) -> int:
        """One group per image."""
        return self.batch_size

    def batches(
        self, person_ids: Indices, camera_ids: Indices, seed: int, epoch: int
    ) -> list[Indices]:
        """Return the batches of an epoch.

        Raises:
            InvalidInputError: ``batch_size`` is below 1 or above the number of images.
        """
        count, size = len(person_ids), self.batch_size
        if not 1 <= size <= count:
            raise InvalidInputError(f"batch_size={size} for {count} images: give 1 to {count}.")
        order = np.random.default_rng([seed, epoch, KEY]).permutation(count)
        return list(order[: count // size * size].reshape(-1, size))
