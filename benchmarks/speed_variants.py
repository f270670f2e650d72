"""The peers' way from images to features, and ours in all its variants."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from reid_align.features import ExtractOptions
from reid_align.features.feature_batches import default_batch_size, default_workers
from reid_align.features.image_inputs import named_images
from reid_align.inference.backends import BackendName, BackendTarget
from reid_align.inference.backends.backend_cache import build_backend
from reid_align.inference.folding import fold_batch_norms
from reid_align.inference.parallelism import Parallelism
from reid_align.inference.prepared_encoder import DTYPES, DtypeName
from reid_align.models.encoder import Encoder

Forward = Callable[[Tensor], Tensor]
OURS: tuple[tuple[BackendName, DtypeName], ...] = (
    ("torch", "float32"), ("onnx", "float32"), ("openvino", "float32"), ("compile", "float32"),
    ("torch", "bfloat16"), ("openvino", "bfloat16"), ("compile", "bfloat16"),
)  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """A way to run the network alone: how, with which cores, and on batches of which sizes."""

    name: str
    forward: Forward
    lanes: Parallelism
    batches: tuple[int, ...]
    channels_last: bool


def peers_forward(encoder: Encoder, batches: tuple[int, ...]) -> list[Variant]:
    """Return eager float32 as everybody runs it, and what little has to be done to it.

    That is the better memory layout, and batch norms folded into convolutions beside it.
    """
    whole = Parallelism(1, torch.get_num_threads())
    channels_last = deepcopy(encoder).to(memory_format=torch.channels_last)
    folded = deepcopy(channels_last).requires_grad_(False)
    fold_batch_norms(folded)
    return [
        Variant("eager float32", encoder, whole, batches, False),
        Variant("eager float32, channels last", channels_last, whole, batches, True),
        Variant("eager float32, channels last, folded", folded, whole, batches, True),
    ]


def our_forward(
    encoder: Encoder,
    backend: BackendName,
    dtype: DtypeName,
    device: torch.device,
    batches: tuple[int, ...],
) -> Variant:
    """Return one of our backends with the cores shared out as extraction does it."""
    lanes = Parallelism.share(device, default_workers(device.type))
    # As extraction builds it, so that it is built once; only what is compiled has one size.
    usual = default_batch_size(device.type)
    sizes = (usual,) if backend == "compile" else batches
    target = BackendTarget(device, DTYPES[dtype], usual, lanes.count, lanes.threads)
    forward = build_backend(backend, encoder, target)
    return Variant(f"{backend} {dtype}", forward, lanes, sizes, True)


def peers_extract(
    paths: Sequence[str], encoder: Encoder, chunk: int, device: torch.device
) -> NDArray[np.float32]:
    """Extract as torchreid's FeatureExtractor does: one thread prepares a list, then runs it.

    Source: torchreid/reid/utils/feature_extractor.py; its documentation hands over the whole list.
    """
    from torchvision import transforms

    preprocess = encoder.preprocess
    prepare = transforms.Compose(
        [
            transforms.Resize((preprocess.height, preprocess.width)),
            transforms.ToTensor(),
            transforms.Normalize(preprocess.mean, preprocess.std),
        ]
    )
    found = []
    for start in range(0, len(paths), chunk):
        images = []
        for path in paths[start : start + chunk]:
            images.append(prepare(Image.open(path).convert("RGB")))
        with torch.no_grad():
            found.append(encoder(torch.stack(images, 0).to(device)).cpu())
    return torch.cat(found).numpy()


def our_extract(
    paths: Sequence[str], encoder: Encoder, options: ExtractOptions
) -> Callable[[], NDArray[np.float32]]:
    """Return what extracts from files; export and compilation are done once, before."""
    prepared = options.prepare(encoder)

    def extract() -> NDArray[np.float32]:
        images = named_images(list(paths))
        return np.concatenate([batch.values for batch in options.batches(images, prepared)])

    return extract
