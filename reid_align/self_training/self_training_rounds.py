"""Rounds of self-training: group the images, train on the groups, and again with the result."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from reid_align.errors import OutputExistsError
from reid_align.files import replace_file, writing
from reid_align.recipes import (
    RECIPES,
    ComputeOptions,
    fit_to_weights,
    load_recipe_data,
    override_settings,
    prepare,
    run_recipe,
)
from reid_align.self_training.round_groups import IDENTITIES, RoundSummary, group_images
from reid_align.self_training.self_training_settings import SelfTraining
from reid_align.self_training.unlabeled_images import UnlabeledImages
from reid_align.weights import find_weights_file
from reid_align.weights.checksums import sha256_of

RECIPE, RECORD, RUN = "selftrain", "selftrain.json", "run"
WEIGHTS = "encoder.safetensors", "config.json"


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
        report(group_images(images, current, here, number, settings, compute))
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
        "images": images.digest,
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
