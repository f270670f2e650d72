"""Batches that few cameras took, so that what these leave in their images gets in the way."""

import numpy as np

from reid_align.batches.identity_sampling import KEY, Indices, by_person
from reid_align.errors import InvalidInputError


def camera_batches(
    person_ids: Indices,
    camera_ids: Indices,
    people: int,
    images: int,
    cameras: int,
    seed: int,
    epoch: int,
) -> list[Indices]:
    """Draw batches of persons that few cameras took, so that each camera took many of a batch.

    For each batch the cameras are drawn anew, then the persons among those with ``images`` by
    these cameras, or with all their images by these where they have fewer, some of which then
    come more than once. Where these persons are too few, more cameras are added. An epoch is about
    as long as there are images, though not each comes once.

    Args:
        person_ids: (N,) who is on each image.
        camera_ids: (N,) which camera took it; -1, not known, counts as one camera beside others.
        people: in a batch.
        images: of each.
        cameras: that took a batch, if that is enough.
        seed: of the run.
        epoch: which one.

    Returns:
        ⌊N / (people·images)⌋ arrays of people·images indices into ``person_ids``, or one.

    Raises:
        InvalidInputError: as of `pk_batches`; or no camera is known.

    Source: ours.
    """
    rng = np.random.default_rng([seed, epoch, KEY])
    owned = by_person(person_ids, people, images)
    if (camera_ids < 0).all():
        raise InvalidInputError(
            f"Batches of {cameras} cameras, and no image says which camera took it: give 0 "
            "cameras, for any."
        )
    known, taken_by = np.unique(camera_ids, return_inverse=True)
    counts = np.stack([np.bincount(taken_by[indices], minlength=len(known)) for indices in owned])
    needed = np.minimum(images, counts.sum(1, keepdims=True))
    batches = []
    for _ in range(max(1, len(person_ids) // (people * images))):
        place, able = _place(counts, needed, people, cameras, rng)
        chosen = rng.choice(able, people, replace=False)
        shown = [owned[person][np.isin(taken_by[owned[person]], place)] for person in chosen]
        drawn = [rng.choice(own, images, replace=len(own) < images) for own in shown]
        batches.append(np.concatenate(drawn))
    return batches


def _place(
    counts: Indices, needed: Indices, people: int, cameras: int, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    """Return the cameras that take a batch, and the persons that may be on it.

    ``counts`` (persons, cameras) says how many images of each person each camera took, ``needed``
    (persons, 1) how many of a person a batch has to draw from.
    """
    order = rng.permutation(counts.shape[1])
    able = counts[:, order].cumsum(1) >= needed
    count = min(cameras, len(order))
    while able[:, count - 1].sum() < people:
        count += 1
    return order[:count], np.flatnonzero(able[:, count - 1])
