"""Rounds of self-training: group the images, train on the groups, and again with the result."""

import csv
import io
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid_align.checks import at_least_one
from reid_align.errors import InvalidInputError, OutputExistsError
from reid_align.features import ExtractOptions, extract_to_file, read_features
from reid_align.files import replace_file, writing
from reid_align.models.pretrained import load_encoder
from reid_align.recipes import (
    RECIPES,
    ComputeOptions,
    fit_to_weights,
    load_recipe_data,
    override_settings,
    prepare,
    run_recipe,
)
from reid_align.self_training.pseudo_identities import NO_GROUP, pseudo_identities
from reid_align.self_training.unlabeled_images import UnlabeledImages
from reid_align.weights import find_weights_file
from reid_align.weights.checksums import sha256_of

RECIPE, RECORD, IDENTITIES, FEATURES, RUN = (
    "selftrain",
    "selftrain.json",
    "identities.csv",
    "features.npy",
    "run",
)
WEIGHTS = "encoder.safetensors", "config.json"
MIN_GROUPS = 2


@dataclass(frozen=True)
class SelfTraining:
    """Settings of a self-training.

    Attributes:
        rounds: number of rounds.
        distance: largest Jaccard distance of two images of a group, above 0 and below 1.
        min_images: images of a group, at least 2.
        neighbors: nearest images that are compared, at least 1; about the number of images of an
            identity.
        seed: of the first round; each further round adds 1.
        changes: settings of the recipe ``selftrain``, "PATH=VALUE" each.

    Raises:
        InvalidInputError: a number out of range.
    """

    rounds: int = 10
    distance: float = 0.45
    min_images: int = 4
    neighbors: int = 20
    seed: int = 0
    changes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        at_least_one("rounds", self.rounds)
        at_least_one("neighbors", self.neighbors)
        if not 0 < self.distance < 1:
            raise InvalidInputError(f"distance {self.distance!r}: give a number between 0 and 1.")
        if self.min_images < 2:
            raise InvalidInputError(f"min_images {self.min_images!r}: give 2 or more.")


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


def self_train(
    images: UnlabeledImages,
    weights: str,
    folder: Path,
    settings: SelfTraining,
    compute: ComputeOptions,
    report: Callable[[RoundSummary], None] = lambda _: None,
) -> Path:
    """Adapt an encoder to images without labels, and return the file of the new weights.

    Each round computes features with the current weights, groups the images
    (`pseudo_identities`), and trains on the groups as identities (the recipe ``selftrain``). The
    same call continues an interrupted training. Images that cannot be read are left out.

    Args:
        images: the images.
        weights: initial weights: a run, a folder, a file or the name of published weights.
        folder: output folder; receives a subfolder for each round, and the last weights.
        settings: the settings.
        compute: device and processes.
        report: called after the grouping of each round.

    Raises:
        OutputExistsError: the folder has other files, or a self-training with other settings or
            images.
        InvalidInputError: fewer than two groups were found.
        ReidAlignError: something cannot be read, written or computed.
    """
    _claim(folder, images, weights, settings)
    current = weights
    for number in range(1, settings.rounds + 1):
        here = folder / f"round{number}"
        report(_group(images, current, here, number, settings, compute))
        changes = (f"training.seed={settings.seed + number - 1}", *settings.changes)
        recipe = override_settings(fit_to_weights(RECIPES[RECIPE], current), changes)
        data = load_recipe_data(f"csv={here / IDENTITIES}")
        run_recipe(prepare(recipe, data, current), data, here / RUN, compute)
        current = str(here / RUN)
    for name in WEIGHTS:
        with writing(folder / name):
            replace_file(folder / name, (Path(current) / name).read_bytes())
    return folder / WEIGHTS[0]


def _claim(folder: Path, images: UnlabeledImages, weights: str, settings: SelfTraining) -> None:
    """Write the record of the training, or compare it with that of an earlier call."""
    record = {
        "weights": sha256_of(find_weights_file(weights)),
        "images": len(images.paths),
        "cameras": None if images.cameras is None else len(set(images.cameras)),
        "settings": {**asdict(settings), "changes": list(settings.changes)},
    }
    file = folder / RECORD
    if file.exists():
        if json.loads(file.read_text("utf-8")) != record:
            raise OutputExistsError(
                f"{folder} has a self-training with other weights, images or settings. Choose "
                "another folder, or repeat the earlier command to continue it."
            )
        return
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputExistsError(f"{folder} exists and has other files. Choose another folder.")
    with writing(file):
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(file, json.dumps(record, indent=2).encode())


def _group(
    images: UnlabeledImages,
    weights: str,
    here: Path,
    number: int,
    settings: SelfTraining,
    compute: ComputeOptions,
) -> RoundSummary:
    """Write the groups of a round, unless an earlier call did, and summarize them."""
    table, summary = here / IDENTITIES, here / "groups.json"
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
