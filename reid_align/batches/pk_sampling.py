"""PK sampling: batches of P identities with K instances each, optionally from few cameras."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError

Indices = NDArray[np.int64]
# Draws a number of distinct identities from an array of them.
Draw = Callable[[Indices, int, np.random.Generator], Indices]
# Separates the random stream of sampling from those of other modules with the same seed.
KEY = 4201


def draw_any(identities: Indices, count: int, rng: np.random.Generator) -> Indices:
    """Draw identities with equal probability."""
    return rng.choice(identities, count, replace=False)


def pk_batches(
    person_ids: Indices,
    num_identities: int,
    num_instances: int,
    seed: int,
    epoch: int,
    draw: Draw = draw_any,
) -> list[Indices]:
    """Draw the batches of an epoch; the instances of an identity are consecutive.

    An identity with n images appears in ⌊n / num_instances⌋ batches. With fewer than
    ``num_instances`` images it appears in one batch, sampled with replacement. The epoch ends when
    fewer than ``num_identities`` identities are left.

    Args:
        person_ids: (N,) identity of each image.
        num_identities: identities per batch (P).
        num_instances: images per identity (K).
        seed: seed of the run.
        epoch: epoch number.
        draw: draws the identities of a batch, numbered in the order of their ids.

    Returns:
        Arrays of P·K indices into ``person_ids``.

    Raises:
        InvalidInputError: a number below 1, images without an identity, or fewer identities than
            a batch needs.

    Source: the sampler of SAN's public code (microsoft, samplers.py), which is torchreid's.
    """
    rng = np.random.default_rng([seed, epoch, KEY])
    images_of = _checked_groups(person_ids, num_identities, num_instances)
    left = [_split_into_groups(indices, num_instances, rng) for indices in images_of]
    available, batches = np.arange(len(left)), []
    while len(available) >= num_identities:
        chosen = draw(available, num_identities, rng)
        batches.append(np.concatenate([left[person].pop() for person in chosen]))
        spent = [person for person in chosen if not left[person]]
        available = np.setdiff1d(available, spent, assume_unique=True)
    return batches


def camera_batches(
    person_ids: Indices,
    camera_ids: Indices,
    num_identities: int,
    num_instances: int,
    num_cameras: int,
    seed: int,
    epoch: int,
    draw: Draw = draw_any,
) -> list[Indices]:
    """Draw PK batches from few cameras, which adds negatives from the same camera.

    Each batch draws ``num_cameras`` cameras, then identities with ``num_instances`` images from
    these cameras. Cameras that share identities with the first one are preferred. An identity with
    fewer images in total qualifies if all of them are from these cameras; it is sampled with
    replacement. If too few identities qualify, cameras are added. An epoch has about as many
    images as the data set, but does not use each image once.

    Args:
        person_ids: (N,) identity of each image.
        camera_ids: (N,) camera of each image; unknown cameras (-1) count as one more camera.
        num_identities: identities per batch (P).
        num_instances: images per identity (K).
        num_cameras: cameras per batch.
        seed: seed of the run.
        epoch: epoch number.
        draw: as for `pk_batches`.

    Returns:
        ⌊N / (P·K)⌋ arrays, at least one, of P·K indices into ``person_ids``.

    Raises:
        InvalidInputError: as for `pk_batches`, or all cameras are unknown.

    Source: ours.
    """
    rng = np.random.default_rng([seed, epoch, KEY])
    images_of = _checked_groups(person_ids, num_identities, num_instances)
    if (camera_ids < 0).all():
        raise InvalidInputError(
            f"num_cameras={num_cameras} needs camera ids, but no image has one. Set num_cameras=0."
        )
    cameras, camera_of = np.unique(camera_ids, return_inverse=True)
    counts = np.stack(
        [np.bincount(camera_of[indices], minlength=len(cameras)) for indices in images_of]
    )
    needed = np.minimum(num_instances, counts.sum(1, keepdims=True))
    batches = []
    for _ in range(max(1, len(person_ids) // (num_identities * num_instances))):
        drawn, eligible = _draw_cameras(counts, needed, num_identities, num_cameras, rng)
        chosen = draw(eligible, num_identities, rng)
        candidates = [images_of[i][np.isin(camera_of[images_of[i]], drawn)] for i in chosen]
        batches.append(
            np.concatenate(
                [
                    rng.choice(images, num_instances, replace=len(images) < num_instances)
                    for images in candidates
                ]
            )
        )
    return batches


def _draw_cameras(
    counts: Indices,
    needed: Indices,
    num_identities: int,
    num_cameras: int,
    rng: np.random.Generator,
) -> tuple[Indices, Indices]:
    """Return the cameras of a batch and the identities that have enough images from them.

    ``counts`` is (identities, cameras): images of each identity from each camera. ``needed`` is
    (identities, 1): distinct images that a batch takes of each identity.
    """
    order = rng.permutation(counts.shape[1])
    # Data sets joined for training share no cameras: first those that share identities.
    related = np.any(counts[counts[:, order[0]] > 0], axis=0)[order]
    order = np.concatenate((order[related], order[~related]))
    eligible = counts[:, order].cumsum(1) >= needed
    count = min(num_cameras, len(order))
    while eligible[:, count - 1].sum() < num_identities:
        count += 1
    return order[:count], np.flatnonzero(eligible[:, count - 1])


def group_by_identity(person_ids: Indices) -> list[Indices]:
    """Return the image indices of each identity, in the order of the ids."""
    order = np.argsort(person_ids, kind="stable")
    _, starts = np.unique(person_ids[order], return_index=True)
    return np.split(order, starts[1:]) if len(order) else []


def _checked_groups(person_ids: Indices, num_identities: int, num_instances: int) -> list[Indices]:
    """Return the image indices of each identity; raise if a batch cannot be drawn from them."""
    if num_identities < 1 or num_instances < 1:
        raise InvalidInputError(
            f"num_identities={num_identities}, num_instances={num_instances}: both must be at "
            "least 1."
        )
    if unlabeled := int((person_ids < 0).sum()):
        raise InvalidInputError(
            f"{unlabeled} of {len(person_ids)} images have no identity, but PKSampler needs one "
            "for each image. Use RandomSampler."
        )
    images_of = group_by_identity(person_ids)
    if len(images_of) < num_identities:
        raise InvalidInputError(
            f"A batch needs {num_identities} identities, but the training images have "
            f"{len(images_of)}. Reduce num_identities, or hold out fewer identities."
        )
    return images_of


def _split_into_groups(indices: Indices, size: int, rng: np.random.Generator) -> list[Indices]:
    if len(indices) < size:
        return [rng.choice(indices, size)]
    shuffled = rng.permutation(indices)
    return list(shuffled[: len(indices) // size * size].reshape(-1, size))
