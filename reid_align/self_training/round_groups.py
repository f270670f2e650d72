"""Groups of a round of self-training, stored as a table of identities."""

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features import ExtractOptions, extract_to_file, read_features
from reid_align.files import replace_file, writing
from reid_align.models.pretrained import load_encoder
from reid_align.recipes import ComputeOptions
from reid_align.self_training.pseudo_identities import NO_GROUP, pseudo_identities
from reid_align.self_training.self_training_settings import SelfTraining
from reid_align.self_training.unlabeled_images import UnlabeledImages

IDENTITIES, FEATURES, SUMMARY = "identities.csv", "features.npy", "groups.json"
MIN_GROUPS = 2


@dataclass(frozen=True)
class RoundSummary:
    """Outcome of the grouping of a round.

    Attributes:
        number: of the round, from 1.
        groups: number of groups.
        images: images in groups.
        across: groups with images of several cameras; None if the cameras are unknown.
        readable: images that could be read.
    """

    number: int
    groups: int
    images: int
    across: int | None
    readable: int


def group_images(
    images: UnlabeledImages,
    weights: str,
    here: Path,
    number: int,
    settings: SelfTraining,
    compute: ComputeOptions,
) -> RoundSummary:
    """Write the groups of a round as a table of identities, unless an earlier call did.

    Args:
        images: the images.
        weights: the current weights.
        here: folder of the round.
        number: of the round, from 1.
        settings: the settings.
        compute: device and processes.

    Raises:
        InvalidInputError: fewer than two groups were found.
        ReidAlignError: something cannot be read, written or computed.
    """
    table, summary = here / IDENTITIES, here / SUMMARY
    if not summary.exists():
        output = here / FEATURES
        with writing(output):
            here.mkdir(parents=True, exist_ok=True)
        extract_to_file(
            images.paths,
            load_encoder(weights),
            output,
            ExtractOptions(device=compute.device, on_error="skip"),
            resume=True,
            progress=compute.progress,
        )
        found = read_features(output)
        cameras = images.camera_ids(found.paths)
        groups = pseudo_identities(
            found.values, cameras, settings.distance, settings.min_images, settings.neighbors
        )
        result = _summary(groups, cameras, number)
        if result.groups < MIN_GROUPS:
            raise InvalidInputError(
                f"Round {number}: the {len(groups):,} images form {result.groups} groups of "
                f"{settings.min_images} or more similar images, and training needs at least "
                f"{MIN_GROUPS}. Give more images, a larger distance, or fewer images in a group."
            )
        with writing(table):
            replace_file(table, _identity_table(found.paths, groups, cameras))
            replace_file(summary, json.dumps(asdict(result)).encode())
        for suffix in (".npy", ".csv", ".json"):
            output.with_suffix(suffix).unlink()
    return RoundSummary(**json.loads(summary.read_text("utf-8")))


def _summary(
    groups: NDArray[np.int64], cameras: NDArray[np.int64] | None, number: int
) -> RoundSummary:
    inside = groups != NO_GROUP
    count = int(groups.max(initial=NO_GROUP)) + 1
    across = None
    if cameras is not None:
        pairs = np.unique(np.stack([groups[inside], cameras[inside]]), axis=1)
        across = int((np.bincount(pairs[0], minlength=count) > 1).sum())
    return RoundSummary(number, count, int(inside.sum()), across, len(groups))


def _identity_table(
    paths: Sequence[str], groups: NDArray[np.int64], cameras: NDArray[np.int64] | None
) -> bytes:
    """Return the CSV file of the images in groups, which the training reads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    known = [] if cameras is None else ["camera_id"]
    writer.writerow(["path", "person_id", *known])
    for index, (path, group) in enumerate(zip(paths, groups.tolist(), strict=True)):
        if group != NO_GROUP:
            camera = [] if cameras is None else [int(cameras[index])]
            writer.writerow([os.path.abspath(path), group, *camera])
    return text.getvalue().encode("utf-8", "surrogateescape")
