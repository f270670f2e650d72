"""The measurements of throughput.py: the network alone, from files, both encoders, growth."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from speed_timing import best_of, rate
from speed_variants import Variant, our_extract, our_forward, peers_extract

from reid_align import create_model
from reid_align.features import ExtractOptions
from reid_align.features.backends import BackendName
from reid_align.features.prepare import DtypeName
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess

# The largest error that each number format may have, relative to the largest feature.
TOLERANCE = {"float32": 1e-5, "bfloat16": 3e-2}
DTYPES: tuple[DtypeName, DtypeName] = ("float32", "bfloat16")
Way = tuple[BackendName, DtypeName]


def measure_forward(
    variants: Sequence[Variant], options: argparse.Namespace
) -> list[dict[str, object]]:
    """Return the pictures a second of each variant at each batch size, the network alone."""
    works: dict[str, Callable[[], float]] = {}
    for variant in variants:
        for size in variant.batches:
            works[f"{variant.name} × {size}"] = partial(_forward_rate, variant, size, options)
    best = best_of(options.rounds, works)
    return [
        {
            "name": variant.name,
            "by_batch": {
                size: round(best[f"{variant.name} × {size}"], 1) for size in variant.batches
            },
            "best": round(max(best[f"{variant.name} × {size}"] for size in variant.batches), 1),
            "lanes": [variant.lanes.count, variant.lanes.threads],
        }
        for variant in variants
    ]


def _forward_rate(variant: Variant, size: int, options: argparse.Namespace) -> float:
    images = torch.randn(size, 3, options.height, options.width, device=options.device)
    if variant.channels_last:
        images = images.to(memory_format=torch.channels_last)
    return size * rate(lambda: variant.forward(images), variant.lanes, options.seconds)


def measure_files(
    encoder: Encoder, paths: Sequence[str], ours: Sequence[Way], options: argparse.Namespace
) -> list[dict[str, object]]:
    """Return the pictures a second from files to features, and how far the features agree."""
    place = torch.device(options.device)
    peers = {
        "torchreid, the whole list": len(paths),
        "torchreid, chunks of 8": 8,
        "torchreid, one by one": 1,
    }
    extractors: dict[str, Callable[[], NDArray[np.float32]]] = {
        name: partial(peers_extract, paths, encoder, chunk, place) for name, chunk in peers.items()
    }
    for backend, dtype in ours:
        chosen = ExtractOptions(options.device, dtype, normalize=False, backend=backend)
        extractors[f"{backend} {dtype}"] = our_extract(paths, encoder, chosen)
    features: dict[str, NDArray[np.float32]] = {}

    def timed(name: str) -> float:
        began = time.perf_counter()
        features[name] = extractors[name]()
        return len(paths) / (time.perf_counter() - began)

    best = best_of(options.rounds, {name: partial(timed, name) for name in extractors})
    expected = features["torchreid, chunks of 8"]
    return [{"name": n, "best": round(best[n], 1), **agree(n, features[n], expected)} for n in best]


def agree(name: str, found: NDArray[np.float32], expected: NDArray[np.float32]) -> dict[str, float]:
    """Return the largest relative error and the smallest cosine; exit if they are too bad."""
    error = float(np.abs(found - expected).max() / np.abs(expected).max())
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    allowed = TOLERANCE["bfloat16" if "bfloat16" in name else "float32"]
    if not error < allowed:
        sys.exit(f"{name}: the features differ by {error:.2g}, allowed is {allowed:.2g}.")
    cosine = float(((found * expected).sum(1) / lengths).min())
    return {"max_relative_error": float(f"{error:.2g}"), "min_cosine": round(cosine, 6)}


def measure_encoders(options: argparse.Namespace) -> dict[str, float]:
    """Return the pictures a second of SAN and DSA-reID with the default backend."""
    works: dict[str, Callable[[], float]] = {}
    for name in ("san_resnet50", "dsa_reid"):
        for dtype in DTYPES:
            encoder, device = create_model(name), torch.device(options.device)
            encoder.preprocess = Preprocess(options.height, options.width)
            variant = our_forward(encoder, "torch", dtype, device, (8,))
            works[f"{name} {dtype}"] = partial(_forward_rate, variant, 8, options)
    best = {name: round(value, 1) for name, value in best_of(options.rounds, works).items()}
    for dtype in DTYPES:
        ratio = best[f"san_resnet50 {dtype}"] / best[f"dsa_reid {dtype}"]
        best[f"time_ratio {dtype}"] = round(ratio, 2)
    return best


def measure_growth(
    encoder: Encoder, paths: Sequence[str], options: argparse.Namespace
) -> dict[str, dict[int, float]]:
    """Return seconds by images, and pictures a second by threads, from files with the defaults."""
    chosen = ExtractOptions(options.device, normalize=False)
    by_images = {}
    for count in sorted({len(paths) // 4, len(paths) // 2, 3 * len(paths) // 4, len(paths)}):
        extract, began = our_extract(paths[:count], encoder, chosen), time.perf_counter()
        extract()
        by_images[count] = round(time.perf_counter() - began, 2)
    by_threads, cores = {}, torch.get_num_threads()
    for threads in sorted({1, *range(2, cores + 1, max(1, cores // 4)), cores}):
        torch.set_num_threads(threads)
        few = ExtractOptions(options.device, normalize=False, num_workers=threads)
        extract, began = our_extract(paths, encoder, few), time.perf_counter()
        extract()
        by_threads[threads] = round(len(paths) / (time.perf_counter() - began), 1)
    torch.set_num_threads(cores)
    return {"seconds_by_images": by_images, "images_per_second_by_threads": by_threads}
