"""Forward pass and extraction in torchreid's way and with each backend of reid_align."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from reid_align.features import ExtractOptions
from reid_align.features.feature_batches import feature_batches, prepare_encoder
from reid_align.features.image_inputs import named_images
from reid_align.inference.backends import BackendName, BackendTarget
from reid_align.inference.backends.backend_cache import build_backend
from reid_align.inference.device import DTYPES, DtypeName, default_batch_size, default_workers
from reid_align.inference.folding import fold_batch_norms
from reid_align.inference.parallelism import Parallelism
from reid_align.models.encoder import Encoder

Forward = Callable[[Tensor], Tensor]
MEASURED_BACKENDS: tuple[tuple[BackendName, DtypeName], ...] = (
    ("torch", "float32"), ("onnx", "float32"), ("openvino", "float32"), ("compile", "float32"),
    ("torch", "bfloat16"), ("openvino", "bfloat16"), ("compile", "bfloat16"),
)  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """A network to time: forward function, parallelism, batch sizes and memory format."""

    name: str
    forward: Forward
    parallelism: Parallelism
    batches: tuple[int, ...]
    channels_last: bool


def eager_variants(encoder: Encoder, batches: tuple[int, ...]) -> list[Variant]:
    """Return eager float32: plain, in channels-last order, and also with folded batch norms."""
    whole = Parallelism(1, torch.get_num_threads())
    channels_last = deepcopy(encoder).to(memory_format=torch.channels_last)
    folded = deepcopy(channels_last).requires_grad_(False)
    fold_batch_norms(folded)
    return [
        Variant("eager float32", encoder, whole, batches, False),
        Variant("eager float32, channels last", channels_last, whole, batches, True),
        Variant("eager float32, channels last, folded", folded, whole, batches, True),
    ]


def backend_variant(
    encoder: Encoder,
    backend: BackendName,
    dtype: DtypeName,
    device: torch.device,
    batches: tuple[int, ...],
) -> Variant:
    """Return one backend with the thread settings of extraction."""
    parallelism = Parallelism.share(device, default_workers(device.type))
    # Built as extraction builds it, and only once; compiled networks have one batch size.
    usual = default_batch_size(device.type)
    sizes = (usual,) if backend == "compile" else batches
    target = BackendTarget(device, DTYPES[dtype], usual, parallelism.batches, parallelism.threads)
    forward = build_backend(backend, encoder, target)
    return Variant(f"{backend} {dtype}", forward, parallelism, sizes, True)


def torchreid_extract(
    paths: Sequence[str], encoder: Encoder, chunk: int, device: torch.device
) -> NDArray[np.float32]:
    """Extract like torchreid's FeatureExtractor: preprocess a list in one thread, then run it.

    Source: torchreid/reid/utils/feature_extractor.py; its documentation passes the whole list.
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


def backend_extract(
    paths: Sequence[str], encoder: Encoder, options: ExtractOptions
) -> Callable[[], NDArray[np.float32]]:
    """Return a function that extracts from files; export and compilation happen here, once."""
    prepared = prepare_encoder(encoder, options)

    def extract() -> NDArray[np.float32]:
        images = named_images(list(paths))
        return np.concatenate(
            [batch.values for batch in feature_batches(images, prepared, options)]
        )

    return extract
