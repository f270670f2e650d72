"""Digests of the data and the dense pose estimator that a result depends on."""

import os
from pathlib import Path

from benchmarks.papers.shared_networks import ESTIMATOR, needs_maps
from benchmarks.papers.table_setup import SYNTHETIC, Setup, digest, drawn_target
from reid_align.batches.sources.file_source import hash_lines
from reid_align.datasets import ReidDataset, load_dataset
from reid_align.recipes import RECIPES
from reid_align.tasks import SYNTHETIC as PAIRS


def digests(setup: Setup, name: str, dataset: str) -> dict[str, str]:
    """Return the digests for one recipe on one dataset, by option name.

    Raises:
        WeightsNotFoundError: a synthetic set or an estimator is missing.
        ReidAlignError: a dataset cannot be read.
    """
    recipe, pairs = RECIPES[name], setup.synthetic or setup.folders.get(SYNTHETIC)
    drawn = drawn_target(recipe) == "texture" and setup.san_pg is not None
    trained = recipe.stages[1:] if drawn else recipe.stages
    paired, found = any(PAIRS in stage.streams for stage in trained), {}
    if dataset == SYNTHETIC:
        found["data"] = digest(_file(setup.folders[SYNTHETIC]))
    elif dataset in setup.folders:
        found["data"] = _listing(load_dataset(dataset, setup.folders[dataset]))
    if needs_maps(recipe.last, dataset):
        if setup.dense_uv is None:
            paired = True
        else:
            found["dense_uv"] = digest(Path(setup.dense_uv) / f"{ESTIMATOR}.safetensors")
    if paired and pairs is not None:
        found["synthetic"] = digest(_file(pairs))
    return found


def _listing(dataset: ReidDataset) -> str:
    """Return a short hash of image names, identities, cameras and splits."""
    parts = {"train": dataset.train}
    for number, split in enumerate(dataset.splits):
        parts |= {f"query {number}": split.query, f"gallery {number}": split.gallery}
    return hash_lines(
        f"{part} {os.path.relpath(one.path, dataset.root)} {one.person_id} {one.camera_id}"
        for part, records in parts.items()
        for one in records
    )


def _file(synthetic: str) -> Path:
    return Path(synthetic) if synthetic.endswith(".csv") else Path(synthetic) / "set.json"
