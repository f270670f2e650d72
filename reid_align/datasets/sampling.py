"""Which pictures make up which batch: a pure function of the seed and the epoch."""

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError

Indices = NDArray[np.int64]
# Keeps this module's random numbers apart from those of other modules with the same seed.
_KEY = 4201


def pk_batches(
    person_ids: Indices, people: int, pictures: int, seed: int, epoch: int
) -> list[Indices]:
    """Draw the batches of an epoch: ``people`` persons, ``pictures`` of each one after the other.

    A person with n pictures is in ⌊n / pictures⌋ batches, and in one if there are fewer; then some
    of the pictures come more than once. The epoch ends when fewer than ``people`` are left.

    Args:
        person_ids: (N,) who is on each picture.
        people: in a batch.
        pictures: of each.
        seed: of the run.
        epoch: which one.

    Returns:
        Arrays of people·pictures indices into ``person_ids``.

    Raises:
        InvalidInputError: a number below 1, pictures without an identity, or fewer persons than a
            batch needs.

    Source: the sampler of SAN's public code (microsoft, samplers.py), which is torchreid's.
    """
    rng = np.random.default_rng([seed, epoch, _KEY])
    owned = _owned(person_ids, people, pictures)
    left = [_groups(indices, pictures, rng) for indices in owned]
    available, batches = np.arange(len(left)), []
    while len(available) >= people:
        chosen = rng.choice(available, people, replace=False)
        batches.append(np.concatenate([left[person].pop() for person in chosen]))
        spent = [person for person in chosen if not left[person]]
        available = np.setdiff1d(available, spent, assume_unique=True)
    return batches


def camera_batches(
    person_ids: Indices,
    camera_ids: Indices,
    people: int,
    pictures: int,
    cameras: int,
    seed: int,
    epoch: int,
) -> list[Indices]:
    """Draw batches of persons that few cameras took, so that each camera took many of a batch.

    For each batch the cameras are drawn anew, then the persons among those with ``pictures`` by
    these cameras; where these are too few, more cameras are added, and where even all cameras do
    not help, some pictures come more than once. An epoch has as many pictures as there are, though
    not each of them once.

    Args:
        person_ids: (N,) who is on each picture.
        camera_ids: (N,) which camera took it; -1, not known, counts as one camera.
        people: in a batch.
        pictures: of each.
        cameras: that took a batch, if that is enough.
        seed: of the run.
        epoch: which one.

    Returns:
        ⌊N / (people·pictures)⌋ arrays of people·pictures indices into ``person_ids``.

    Raises:
        InvalidInputError: as of `pk_batches`.

    Source: ours.
    """
    rng = np.random.default_rng([seed, epoch, _KEY])
    owned = _owned(person_ids, people, pictures)
    known, taken_by = np.unique(camera_ids, return_inverse=True)
    counts = np.stack([np.bincount(taken_by[indices], minlength=len(known)) for indices in owned])
    batches = []
    for _ in range(len(person_ids) // (people * pictures)):
        place, able = _place(counts, people, pictures, cameras, rng)
        chosen = rng.choice(able, people, replace=False)
        shown = [owned[person][np.isin(taken_by[owned[person]], place)] for person in chosen]
        drawn = [rng.choice(own, pictures, replace=len(own) < pictures) for own in shown]
        batches.append(np.concatenate(drawn))
    return batches


def _place(
    counts: Indices, people: int, pictures: int, cameras: int, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    """Return the cameras that take a batch, and the persons that may be on it.

    ``counts`` (persons, cameras) says how many pictures of each person each camera took.
    """
    order = rng.permutation(counts.shape[1])
    for count in range(min(cameras, len(order)), len(order) + 1):
        able = np.flatnonzero(counts[:, order[:count]].sum(1) >= pictures)
        if len(able) >= people:
            return order[:count], able
    return order, np.arange(len(counts))


def _owned(person_ids: Indices, people: int, pictures: int) -> list[Indices]:
    """Return the pictures of each person, in the order of their ids."""
    if people < 1 or pictures < 1:
        raise InvalidInputError(f"Batches of {people} persons × {pictures}: both at least 1.")
    if nobody := int((person_ids < 0).sum()):
        raise InvalidInputError(
            f"{nobody} of {len(person_ids)} pictures have no identity: batches of persons need one "
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
    """Draw the batches of an epoch: every picture at most once, and the last few not at all.

    Raises:
        InvalidInputError: a size below 1, or fewer pictures than a batch needs.
    """
    if not 1 <= size <= count:
        raise InvalidInputError(f"Batches of {size} from {count} pictures: give 1 to {count}.")
    order = np.random.default_rng([seed, epoch, _KEY]).permutation(count)
    return list(order[: count // size * size].reshape(-1, size))
