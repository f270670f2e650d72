"""Partial-body test sets: Partial-REID, Partial-iLIDS, and crops of synthetic test images."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.papers.published import TEST_ONLY
from benchmarks.papers.table_setup import SYNTHETIC, Setup
from reid_align.datasets import ImageRecord, ReidDataset, load_dataset, read_image
from reid_align.errors import InvalidInputError
from reid_align.files import new_folder
from reid_align.weights.checksums import sha256_of

# Partial-REID has five images of either kind.
SHOTS = 5
# Kept share of height and width: at least half of the body, as in most Partial-REID probes.
HEIGHT, WIDTH = (0.5, 0.8), (0.7, 1.0)
KEY = 4243
FOLDERS = {"partial_reid": ("partial_body_images", "whole_body_images")}
FOLDERS["partial_ilids"] = ("Probe", "Gallery")
ImagesByIdentity = Mapping[int, list[ImageRecord]]


def partial_sets(setup: Setup, dataset: str) -> dict[str, ReidDataset]:
    """Return the partial-body test sets for networks trained on a dataset, by name.

    For real datasets these are the folders given by the user; none when scoring held-out
    identities, since both sets contain test identities only. For a synthetic dataset, the first
    images of each test identity are cropped and the last ones kept whole, in the layouts of
    both datasets (validation identities when scoring held-out identities).

    Raises:
        InvalidInputError: an identity of the synthetic set has fewer than two images.
    """
    if dataset != SYNTHETIC:
        given = [name for name in TEST_ONLY if name in setup.folders and not setup.held_out]
        return {name: load_dataset(name, setup.folders[name]) for name in given}
    split = "val" if setup.held_out else "test"
    root = Path(setup.folders[SYNTHETIC])
    made = setup.runs / "partial" / f"{split}-{sha256_of(root / 'set.json')[:12]}"
    if not made.exists():
        identities = _images_by_identity(load_dataset(SYNTHETIC, root, split=split))
        with new_folder(made) as folder:
            for name in TEST_ONLY:
                _write(identities, name, folder / name)
    return {name: load_dataset(name, made / name, check_counts=False) for name in TEST_ONLY}


def crop_part(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Crop an image (H, W, 3) to 50-80 % of its height and 70-100 % of its width."""
    rows = _span(image.shape[0], HEIGHT, rng)
    return image[rows, _span(image.shape[1], WIDTH, rng)]


def _span(length: int, share: tuple[float, float], rng: np.random.Generator) -> slice:
    kept = max(1, round(length * rng.uniform(*share)))
    begin = int(rng.integers(length - kept + 1))
    return slice(begin, begin + kept)


def _images_by_identity(dataset: ReidDataset) -> ImagesByIdentity:
    """Return the images of each identity in the order of the set (sorted by camera)."""
    found: dict[int, list[ImageRecord]] = defaultdict(list)
    for split in dataset.splits:
        for record in sorted((*split.query, *split.gallery), key=lambda record: record.path):
            found[record.person_id].append(record)
    if not found or min(map(len, found.values())) < 2:
        raise InvalidInputError(
            f"{dataset.root}: partial-body test sets need at least two images of each test "
            "identity. Synthesize a larger set."
        )
    return found


def _write(identities: ImagesByIdentity, name: str, folder: Path) -> None:
    partial, whole = (folder / kind for kind in FOLDERS[name])
    shots = min(min(map(len, identities.values())) // 2, SHOTS) if name == "partial_reid" else 1
    for place in (partial, whole):
        place.mkdir(parents=True)
    for person, records in identities.items():
        for shot in range(shots):
            rng = np.random.default_rng([person, shot, KEY])
            file = f"{person:05d}_{shot + 1:03d}.png"
            _save(crop_part(read_image(records[shot].path), rng), partial / file)
            _save(read_image(records[-1 - shot].path), whole / file)


def _save(image: NDArray[np.uint8], path: Path) -> None:
    Image.fromarray(image).save(path)
