"""Which images make up which batch: a pure function of the seed and the epoch."""

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError

Indices = NDArray[np.int64]
# Keeps the random numbers of sampling apart from those of other modules with the same seed.
KEY = 4201


def pk_batches(
    person_ids: Indices, people: int, images: int, seed: int, epoch: int
) -> list[Indices]:
    """Draw the batches of an epoch: ``people`` persons, ``images`` of each one after the other.

    A person with n images is in ⌊n / images⌋ batches, and in one if there are fewer; then some
    of the images come more than once. The epoch ends when fewer than ``people`` are left.

    Args:
        person_ids: (N,) who is on each image.
        people: in a batch.
        images: of each.
        seed: of the run.
        epoch: which one.

    Returns:
        Arrays of people·images indices into ``person_ids``.

    Raises:
        InvalidInputError: a number below 1, images without an identity, or fewer persons than a
            batch needs.

    Source: the sampler of SAN's public code (microsoft, samplers.py), which is torchreid's.
    """
    rng = np.random.default_rng([seed, epoch, KEY])
    owned = by_person(person_ids, people, images)
    left = [_groups(indices, images, rng) for indices in owned]
    available, batches = np.arange(len(left)), []
    while len(available) >= people:
        chosen = rng.choice(available, people, replace=False)
        batches.append(np.concatenate([left[person].pop() for person in chosen]))
        spent = [person for person in chosen if not left[person]]
        available = np.setdiff1d(available, spent, assume_unique=True)
    return batches


def by_person(person_ids: Indices, people: int, images: int) -> list[Indices]:
    """Return the images of each person, in the order of their ids, for batches of so many.

    Raises:
        InvalidInputError: as of `pk_batches`.
    """
    if people < 1 or images < 1:
        raise InvalidInputError(f"Batches of {people} persons × {images}: both at least 1.")
    if nobody := int((person_ids < 0).sum()):
        raise InvalidInputError(
            f"{nobody} of {len(person_ids)} images have no identity: batches of persons need one "
            "for each. Use plain batches."
        )
    order = np.argsort(person_ids, kind="stable")
    _, starts = np.unique(person_ids[order], return_index=True)
    owned = np.split(order, starts[1:]) if len(order) else []
    if len(owned) < people:
        raise InvalidInputError(
            f"There are {len(owned)} persons to train on, and a batch has {people}: make smaller "
            "batches, or hold fewer persons back."
        )
    return owned


def _groups(indices: Indices, size: int, rng: np.random.Generator) -> list[Indices]:
    if len(indices) < size:
        return [rng.choice(indices, size)]
    shuffled = rng.permutation(indices)
    return list(shuffled[: len(indices) // size * size].reshape(-1, size))


def plain_batches(count: int, size: int, seed: int, epoch: int) -> list[Indices]:
    """Draw the batches of an epoch: every image at most once, and the last few not at all.

    Raises:
        InvalidInputError: a size below 1, or fewer images than a batch needs.
    """
    if not 1 <= size <= count:
        raise InvalidInputError(f"Batches of {size} from {count} images: give 1 to {count}.")
    order = np.random.default_rng([seed, epoch, KEY]).permutation(count)
    return list(order[: count // size * size].reshape(-1, size))
