"""Pictures in, features out: decoding in threads beside the network, batch by batch, in order."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import ImageReadError
from reid_align.features.pictures import Picture
from reid_align.features.prepare import PreparedEncoder

# Small batches stay in the CPU's caches; a GPU wants to be filled.
CPU_BATCH, GPU_BATCH = 8, 128
PREFETCHED_BATCHES = 4


@dataclass(frozen=True)
class FailedImage:
    """A picture that has no features, and why."""

    path: str
    error: str


@dataclass(frozen=True)
class FeatureBatch:
    """A few consecutive pictures.

    Attributes:
        paths: the names of those that have features, in order.
        values: their features (n, D) float32.
        failed: those that have none.
    """

    paths: tuple[str, ...]
    values: NDArray[np.float32]
    failed: tuple[FailedImage, ...]


def default_batch_size(device_type: str) -> int:
    """Return the batch size that suits a kind of device ("cpu", "cuda", "mps")."""
    return CPU_BATCH if device_type == "cpu" else GPU_BATCH


def default_workers() -> int:
    """Return the number of decoding threads that suits this process: its cores, at most 16."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(cores, 16)


def feature_batches(
    pictures: Iterable[Picture],
    encoder: PreparedEncoder,
    batch_size: int,
    num_workers: int,
    *,
    skip_errors: bool,
) -> Iterator[FeatureBatch]:
    """Yield the features of the pictures, in order, in constant memory.

    Each batch holds ``batch_size`` pictures that could be read (the last one may hold fewer), so
    that a run that is continued after a batch makes the same batches as one in a single piece.

    Args:
        pictures: what to encode; read only a few batches ahead.
        encoder: the prepared encoder.
        batch_size: pictures per batch.
        num_workers: decoding threads; 0 decodes in the calling thread.
        skip_errors: report unreadable pictures in ``failed`` instead of raising.

    Raises:
        ImageReadError: a picture cannot be read, and ``skip_errors`` is False.
    """
    good: list[str] = []
    pixels: list[NDArray[np.uint8]] = []
    failed: list[FailedImage] = []
    for picture, result in _decoded(
        pictures, encoder, num_workers, PREFETCHED_BATCHES * batch_size
    ):
        if isinstance(result, ImageReadError):
            if not skip_errors:
                raise result
            failed.append(FailedImage(picture.name, result.reason))
            continue
        good.append(picture.name)
        pixels.append(result)
        if len(good) == batch_size:
            yield FeatureBatch(tuple(good), encoder(np.stack(pixels)), tuple(failed))
            good, pixels, failed = [], [], []
    if good or failed:
        size = (0, encoder.preprocess.height, encoder.preprocess.width, 3)
        stacked = np.stack(pixels) if pixels else np.empty(size, np.uint8)
        yield FeatureBatch(tuple(good), encoder(stacked), tuple(failed))


Decoded = NDArray[np.uint8] | ImageReadError


def _decoded(
    pictures: Iterable[Picture], encoder: PreparedEncoder, num_workers: int, ahead: int
) -> Iterator[tuple[Picture, Decoded]]:
    def decode(picture: Picture) -> Decoded:
        try:
            return encoder.preprocess.resize(picture.decode())
        except ImageReadError as error:
            return error

    if num_workers == 0:
        for picture in pictures:
            yield picture, decode(picture)
        return
    window: deque[tuple[Picture, Future[Decoded]]] = deque()
    pool = ThreadPoolExecutor(num_workers, thread_name_prefix="decode")
    try:
        for picture in pictures:
            window.append((picture, pool.submit(decode, picture)))
            if len(window) > ahead:
                first, future = window.popleft()
                yield first, future.result()
        for first, future in window:
            yield first, future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
