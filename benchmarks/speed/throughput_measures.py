"""Measurements of throughput.py: network only, from files, both encoders, and scaling."""

import argparse
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.speed.forward_variants import (
    Variant,
    backend_extract,
    backend_variant,
    torchreid_extract,
)
from benchmarks.speed.matrix_product_rates import MEASURED
from benchmarks.speed.timing import best_of, rate
from reid_align import create_model
from reid_align.features import ExtractOptions
from reid_align.inference.backends import BackendName
from reid_align.inference.device import DtypeName, default_batch_size
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess

# Largest allowed error of each number format, relative to the largest feature.
TOLERANCE = {"float32": 1e-5, "bfloat16": 3e-2}
BackendFormat = tuple[BackendName, DtypeName]


def measure_forward(
    variants: Sequence[Variant], options: argparse.Namespace
) -> list[dict[str, object]]:
    """Return images per second of each variant and batch size, network only."""
    works: dict[str, Callable[[], float]] = {}
    for variant in variants:
        for size in variant.batches:
            works[f"{variant.name} × {size}"] = partial(forward_rate, variant, size, options)
    best = best_of(options.rounds, works)
    return [
        {
            "name": variant.name,
            "by_batch": {
                size: round(best[f"{variant.name} × {size}"], 1) for size in variant.batches
            },
            "best": round(max(best[f"{variant.name} × {size}"] for size in variant.batches), 1),
            "lanes": [variant.parallelism.batches, variant.parallelism.threads],
        }
        for variant in variants
    ]


def forward_rate(variant: Variant, size: int, options: argparse.Namespace) -> float:
    """Return images per second at one batch size, on random images in memory."""
    images = torch.randn(size, 3, options.height, options.width, device=options.device)
    if variant.channels_last:
        images = images.to(memory_format=torch.channels_last)
    return size * rate(lambda: variant.forward(images), variant.parallelism, options.seconds)


def measure_files(
    encoder: Encoder,
    paths: Sequence[str],
    backends: Sequence[BackendFormat],
    options: argparse.Namespace,
) -> list[dict[str, str | float]]:
    """Return images per second from files to features, and the agreement of the features.

    The network alone is measured again in the same rounds, at the batch size of extraction, because
    a ratio needs both at the same time.
    """
    device = torch.device(options.device)
    extractors = _extractors(encoder, paths, backends, device)
    features: dict[str, NDArray[np.float32]] = {}
    size = default_batch_size(device.type)
    variants = [backend_variant(encoder, *chosen, device, (size,)) for chosen in backends]
    networks = {variant.name: variant for variant in variants}
    works: dict[str, Callable[[], float]] = {}
    for name, extract in extractors.items():
        works[name] = partial(_timed, extract, features, name, len(paths))
        if name in networks:
            works[_alone(name)] = partial(forward_rate, networks[name], size, options)
    best = best_of(options.rounds, works)
    expected = features["torchreid, chunks of 8"]
    rows: list[dict[str, str | float]] = []
    for name in extractors:
        row: dict[str, str | float] = {"name": name, "best": round(best[name], 1)}
        if name in networks:
            row["network_alone"] = round(best[_alone(name)], 1)
        row.update(distance(features[name], expected))
        rows.append(row)
    return rows


def _extractors(
    encoder: Encoder, paths: Sequence[str], backends: Sequence[BackendFormat], device: torch.device
) -> dict[str, Callable[[], NDArray[np.float32]]]:
    """Return functions that extract from files: torchreid's and reid_align's, by name."""
    chunks = {
        "torchreid, the whole list": len(paths),
        "torchreid, chunks of 8": 8,
        "torchreid, one by one": 1,
    }
    found: dict[str, Callable[[], NDArray[np.float32]]] = {
        name: partial(torchreid_extract, paths, encoder, chunk, device)
        for name, chunk in chunks.items()
    }
    for backend, dtype in backends:
        chosen = ExtractOptions(str(device), dtype, normalize=False, backend=backend)
        found[f"{backend} {dtype}"] = backend_extract(paths, encoder, chosen)
    return found


def _timed(
    extract: Callable[[], NDArray[np.float32]],
    features: dict[str, NDArray[np.float32]],
    name: str,
    count: int,
) -> float:
    began = time.perf_counter()
    features[name] = extract()
    return count / (time.perf_counter() - began)


def _alone(name: str) -> str:
    return f"{name}, network alone"


def disagreements(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a message for each row with a feature error above the tolerance of its format."""
    found = []
    for row in rows:
        allowed = TOLERANCE["bfloat16" if "bfloat16" in row["name"] else "float32"]
        if not (error := row["max_relative_error"]) < allowed:
            found.append(
                f"{row['name']}: features differ by {error}; at most {allowed} is allowed."
            )
    return found


def distance(found: NDArray[np.float32], expected: NDArray[np.float32]) -> dict[str, float]:
    """Return the largest error relative to the largest feature, and the smallest cosine."""
    error = np.abs(found - expected).max() / np.abs(expected).max()
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    cosine = ((found * expected).sum(1) / lengths).min()
    return {"max_relative_error": float(f"{error:.2g}"), "min_cosine": round(float(cosine), 6)}


def measure_encoders(options: argparse.Namespace) -> dict[str, float]:
    """Return images per second of SAN and DSA-reID with the default backend."""
    works: dict[str, Callable[[], float]] = {}
    device = torch.device(options.device)
    size = default_batch_size(device.type)
    for name in ("san_resnet50", "dsa_reid"):
        encoder = create_model(name)
        encoder.preprocess = Preprocess(options.height, options.width)
        for dtype in MEASURED:
            variant = backend_variant(encoder, "torch", dtype, device, (size,))
            works[f"{name} {dtype}"] = partial(forward_rate, variant, size, options)
    best = {name: round(value, 1) for name, value in best_of(options.rounds, works).items()}
    for dtype in MEASURED:
        ratio = best[f"san_resnet50 {dtype}"] / best[f"dsa_reid {dtype}"]
        best[f"time_ratio {dtype}"] = round(ratio, 2)
    return best


def measure_growth(
    encoder: Encoder, paths: Sequence[str], options: argparse.Namespace
) -> dict[str, dict[int, float]]:
    """Return seconds by number of images, and images per second by threads, from files."""
    chosen = ExtractOptions(options.device, normalize=False)
    by_images = {}
    for count in sorted({len(paths) // 4, len(paths) // 2, 3 * len(paths) // 4, len(paths)}):
        extract, began = backend_extract(paths[:count], encoder, chosen), time.perf_counter()
        extract()
        by_images[count] = round(time.perf_counter() - began, 2)
    by_threads, cores = {}, torch.get_num_threads()
    for threads in sorted({1, *range(2, cores + 1, max(1, cores // 4)), cores}):
        torch.set_num_threads(threads)
        few = ExtractOptions(options.device, normalize=False, num_workers=threads)
        extract, began = backend_extract(paths, encoder, few), time.perf_counter()
        extract()
        by_threads[threads] = round(len(paths) / (time.perf_counter() - began), 1)
    torch.set_num_threads(cores)
    return {"seconds_by_images": by_images, "images_per_second_by_threads": by_threads}
