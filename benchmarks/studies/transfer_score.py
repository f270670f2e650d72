"""Accuracy on labeled images, and the influence of the query's camera."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.studies.small_net import Images
from reid_align import Encoder, adapt_norms, extract_features
from reid_align.cli.encoder_choice import select_encoder
from reid_align.datasets import ImageRecord
from reid_align.features.camera_normalization import normalize_by_camera
from reid_align.metrics import CROSS_CAMERA, Labels, distance_blocks, rank

Features = NDArray[np.float32]
PLAIN = ("",)
MODES = (*PLAIN, "flip", "flip_adapted")


class LabeledImages(NamedTuple):
    """Images (N, 128, 64, 3) with identity and camera of each, (N,)."""

    images: Images
    people: NDArray[np.int64]
    cameras: NDArray[np.int64]

    def of_first(self, count: int) -> "LabeledImages":
        """Return the images of the first ``count`` identities."""
        chosen = np.isin(self.people, np.unique(self.people)[:count])
        return LabeledImages._make(column[chosen] for column in self)


def score(features: Features, images: LabeledImages) -> dict[str, float]:
    """Return accuracy and camera bias in percent.

    "rank1" and "mAP" are over images from other cameras. "own_camera" is the share of images from
    the query's camera among the ten nearest. "rank1_own_camera" is rank-1 within that camera.
    """
    keys = np.stack([images.people, images.cameras], 1)
    first = np.unique(keys, axis=0, return_index=True)[1]
    rest = np.setdiff1d(np.arange(len(keys)), first)
    query, gallery = keys[first], keys[rest]
    found = rank(
        distance_blocks(features[first], features[rest]),
        Labels(query[:, 0], query[:, 1]),
        Labels(gallery[:, 0], gallery[:, 1]),
        protocol=CROSS_CAMERA,
    )
    distances = torch.cdist(torch.from_numpy(features[first]), torch.from_numpy(features[rest]))
    near = distances.topk(10, largest=False).indices.numpy()
    own = torch.from_numpy(query[:, None, 1] == gallery[:, 1])
    nearest = distances.masked_fill(~own, torch.inf).argmin(1).numpy()
    shares = {
        "rank1": found.cmc[0],
        "mAP": found.mean_average_precision,
        "own_camera": (gallery[near, 1] == query[:, 1:]).mean(),
        "rank1_own_camera": (gallery[nearest, 0] == query[:, 0]).mean(),
    }
    return {name: round(100 * float(share), 2) for name, share in shares.items()}


def labeled_images_of(records: Sequence[ImageRecord], images: Images) -> LabeledImages:
    """Combine records and images; `score` needs no pixels."""
    people = np.array([record.person_id for record in records], np.int64)
    return LabeledImages(
        images, people, np.array([record.camera_id for record in records], np.int64)
    )


def named_encoder(name: str) -> Encoder:
    """Load an encoder from a file or run folder, or published weights by name."""
    of_run = Path(name) / "encoder.safetensors"
    path = of_run if of_run.exists() else Path(name)
    return select_encoder(None, str(path)) if path.exists() else select_encoder(name, None)


def encoder_scores(
    encoder: Encoder, records: Sequence[ImageRecord], modes: Sequence[str] = MODES
) -> dict[str, dict[str, float]]:
    """Score an encoder plain, flipped and adapted, each also with camera normalization."""
    images = labeled_images_of(records, np.empty((len(records), 0), np.uint8))
    paths = [record.path for record in records]
    found = {}
    for mode in modes:
        used = adapt_norms(encoder, paths) if mode.endswith("adapted") else encoder
        features = extract_features(paths, used, flip=mode.startswith("flip")).values
        found[mode or "plain"] = score(features, images)
        whitened = normalize_by_camera(features, images.cameras)
        found[f"{mode}_camera_wise".lstrip("_")] = score(whitened, images)
    return found
