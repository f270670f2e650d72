"""Features of the training identities, which tell similar identities."""

import io
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.batches.pk_sampling import Indices, group_by_identity
from reid_align.batches.similar_identities import nearest_identities
from reid_align.batches.sources import TrainingSource
from reid_align.batches.sources.file_source import hash_lines
from reid_align.features import ExtractOptions, FeatureExtractor
from reid_align.files import replace_file, writing
from reid_align.models.pretrained import load_encoder
from reid_align.progress import Progress
from reid_align.training.distributed import ProcessGroup
from reid_align.weights import find_weights_file
from reid_align.weights.checksums import sha256_of

# Images of an identity that its features are the mean of, and identities computed at once.
IMAGES, BLOCK = 3, 64


def find_similar(
    source: TrainingSource,
    initial: str,
    folder: Path,
    group: ProcessGroup,
    device: str,
    *,
    progress: bool = False,
) -> Indices:
    """Return the nearest identities of each identity, see `nearest_identities`.

    Args:
        source: training images; every image has an identity.
        initial: reference to the weights of an encoder.
        folder: keeps the result for the next call with the same images and weights.
        group: the processes that train together; all get the result of the first.
        device: torch device.
        progress: show the progress.

    Raises:
        WeightsError: the weights cannot be found, read or trusted.
        ImageReadError: an image cannot be read.
        OutputError: the folder cannot be written.
    """
    digest = hash_lines([source.fingerprint(), sha256_of(find_weights_file(initial))])
    file = folder / f"{digest}.npy"
    if file.exists():
        nearest: Indices = np.load(file, allow_pickle=False)
    else:
        encoder = load_encoder(initial)
        extractor = FeatureExtractor(encoder, ExtractOptions(device), channel_order="rgb")
        nearest = nearest_identities(identity_features(source, extractor, progress=progress))
    # Features of several processes can differ by rounding, and their batches must not.
    shared = torch.from_numpy(nearest).to(device)
    group.broadcast([shared])
    nearest = shared.cpu().numpy()
    if group.rank == 0 and not file.exists():
        content = io.BytesIO()
        np.save(content, nearest)
        with writing(file):
            folder.mkdir(parents=True, exist_ok=True)
            replace_file(file, content.getvalue())
    return nearest


def identity_features(
    source: TrainingSource, extractor: FeatureExtractor, *, progress: bool = False
) -> NDArray[np.float32]:
    """Return the mean features of each identity, (C, D) float32 of length 1, in order of the ids.

    Reads three images of each identity, or all if it has fewer, evenly spaced.

    Args:
        source: training images; every image has an identity.
        extractor: with the channel order "rgb".
        progress: show the progress.

    Raises:
        ImageReadError: an image cannot be read.
    """
    images_of = [_spread(indices) for indices in group_by_identity(source.person_ids)]
    means = np.empty((len(images_of), extractor.feature_dim), np.float32)
    total = sum(map(len, images_of))
    with Progress(total, label="comparing identities", visible=progress) as shown:
        for first in range(0, len(images_of), BLOCK):
            block = images_of[first : first + BLOCK]
            values = extractor([source.image(int(i)) for i in np.concatenate(block)]).values
            values = values / np.linalg.norm(values, axis=1, keepdims=True)
            ends = np.cumsum([len(indices) for indices in block])
            sums = np.stack([part.sum(0) for part in np.split(values, ends[:-1])])
            means[first : first + len(block)] = sums / np.linalg.norm(sums, axis=1, keepdims=True)
            shown.update(len(values))
    return means


def _spread(indices: Indices) -> Indices:
    """Return up to three of the indices, evenly spaced."""
    places = np.linspace(0, len(indices) - 1, min(IMAGES, len(indices)))
    return indices[np.round(places).astype(np.int64)]
