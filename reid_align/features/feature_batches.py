"""Pipeline from images to features: decodes and encodes in parallel, yields batches in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reid_align.features.extract_options import ExtractOptions
from reid_align.features.image_batches import DecodedBatch, FailedImage, grouped, read_batch
from reid_align.features.image_inputs import NamedImage
from reid_align.inference.device import default_batch_size, default_workers, resolve_device
from reid_align.inference.exported import ExportedEncoder
from reid_align.inference.parallelism import Parallelism
from reid_align.inference.prepared_encoder import PendingFeatures, PreparedEncoder, check_encoder
from reid_align.models.encoder import Encoder

QUEUED_BATCHES = 2
T = TypeVar("T")


@dataclass(frozen=True)
class FeatureBatch:
    """Features of consecutive images.

    Attributes:
        paths: names of the n readable images, in order.
        values: (n, D) float32.
        failed: the unreadable images.
    """

    paths: tuple[str, ...]
    values: NDArray[np.float32]
    failed: tuple[FailedImage, ...]


def worker_count(options: ExtractOptions) -> int:
    """Return ``options.num_workers``, or the default for this machine and the device."""
    if options.num_workers is not None:
        return options.num_workers
    return default_workers(resolve_device(str(options.device)).type)


def prepare_encoder(encoder: Encoder, options: ExtractOptions) -> PreparedEncoder:
    """Return an optimized copy of an encoder that computes as the options say."""
    check_encoder(encoder)
    name = str(options.device)
    # Exported files run on the CPU only.
    device = resolve_device(
        "cpu" if name == "auto" and isinstance(encoder, ExportedEncoder) else name
    )
    return PreparedEncoder(
        encoder,
        device=device,
        dtype=options.dtype,
        flip=options.flip,
        normalize=options.normalize,
        backend=options.backend,
        batch_size=options.batch_size or default_batch_size(device.type),
        parallelism=Parallelism.share(device, worker_count(options)),
    )


def feature_batches(
    images: Iterable[NamedImage], encoder: PreparedEncoder, options: ExtractOptions
) -> Iterator[FeatureBatch]:
    """Yield the features of the images, in order, in constant memory.

    Each batch has ``encoder.batch_size`` consecutive images, the last one may have fewer. A run
    that resumes after a batch therefore computes the same batches as an uninterrupted run.

    On the CPU each worker decodes and encodes whole batches. On a GPU the workers decode, and the
    calling thread launches each batch before it waits for the previous one.

    Args:
        images: read only a few batches ahead.
        encoder: from `prepare_encoder` with the same options.
        options: number of workers, and what to do about unreadable images.

    Raises:
        ImageReadError: an image cannot be read, and ``options.on_error`` is "fail".
    """

    def read(group: list[NamedImage]) -> DecodedBatch:
        return read_batch(group, encoder.preprocess, skip_errors=options.on_error == "skip")

    def encode(group: list[NamedImage]) -> FeatureBatch:
        batch = read(group)
        return FeatureBatch(batch.paths, encoder(batch.pixels), batch.failed)

    groups = grouped(images, encoder.batch_size)
    num_workers = worker_count(options)
    if num_workers == 0:
        yield from map(encode, groups)
        return
    with encoder.parallelism.pool(num_workers) as pool:
        ahead = num_workers + QUEUED_BATCHES
        if encoder.device.type == "cpu":
            yield from _in_order(pool, encode, groups, ahead)
        else:
            yield from _overlapped(encoder, _in_order(pool, read, groups, ahead))


def _in_order(
    pool: ThreadPoolExecutor,
    work: Callable[[list[NamedImage]], T],
    groups: Iterable[list[NamedImage]],
    ahead: int,
) -> Iterator[T]:
    """Yield the results of the work in the order of the groups."""
    window: deque[Future[T]] = deque()
    for group in groups:
        window.append(pool.submit(work, group))
        if len(window) > ahead:
            yield window.popleft().result()
    while window:
        yield window.popleft().result()


def _overlapped(
    encoder: PreparedEncoder, batches: Iterable[DecodedBatch]
) -> Iterator[FeatureBatch]:
    """Yield the features of batches; launch each one before fetching the previous one."""
    waiting: deque[tuple[DecodedBatch, PendingFeatures]] = deque()

    def fetch() -> FeatureBatch:
        batch, pending = waiting.popleft()
        return FeatureBatch(batch.paths, encoder.fetch(pending), batch.failed)

    for batch in batches:
        waiting.append((batch, encoder.launch(batch.pixels)))
        if len(waiting) > 1:
            yield fetch()
    while waiting:
        yield fetch()
