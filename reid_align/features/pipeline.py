"""Images in, features out: decoding and the network side by side, batch by batch, in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from reid_align.cores import available_cores
from reid_align.features.batches import FeatureBatch, ImageBatch, grouped, read_batch
from reid_align.features.images import NamedImage
from reid_align.inference.prepared_encoder import Launched, PreparedEncoder

# Small batches stay in the CPU's caches; a GPU wants to be filled.
CPU_BATCH, GPU_BATCH = 8, 128
GPU_DECODERS = 16
WAITING_BATCHES = 2
T = TypeVar("T")


def default_batch_size(device_type: str) -> int:
    """Return the batch size that suits a kind of device ("cpu", "cuda", "mps")."""
    return CPU_BATCH if device_type == "cpu" else GPU_BATCH


def default_workers(device_type: str) -> int:
    """Return the number of threads that suits this process: its cores; beside a GPU 16 at most."""
    cores = available_cores()
    # There they only decode, and a batch of a GPU's size waits for each of them in memory.
    return cores if device_type == "cpu" else min(cores, GPU_DECODERS)


def feature_batches(
    images: Iterable[NamedImage],
    encoder: PreparedEncoder,
    num_workers: int,
    *,
    skip_errors: bool,
) -> Iterator[FeatureBatch]:
    """Yield the features of the images, in order, in constant memory.

    A batch is made of the encoder's ``batch_size`` consecutive images (the last one of fewer),
    so that a run that is continued after a batch makes the same batches as one in a single piece.

    On the CPU a thread that has decoded a batch also computes it; on a GPU the calling thread
    launches each batch before it waits for the one before.

    Args:
        images: what to encode; read only a few batches ahead.
        encoder: the prepared encoder.
        num_workers: threads; 0 does all in the calling thread.
        skip_errors: report unreadable images in ``failed`` instead of raising.

    Raises:
        ImageReadError: a image cannot be read, and ``skip_errors`` is False.
    """

    def read(group: list[NamedImage]) -> ImageBatch:
        return read_batch(group, encoder.preprocess, skip_errors=skip_errors)

    def encode(group: list[NamedImage]) -> FeatureBatch:
        batch = read(group)
        return FeatureBatch(batch.paths, encoder(batch.pixels), batch.failed)

    groups = grouped(images, encoder.batch_size)
    if num_workers == 0:
        yield from map(encode, groups)
        return
    with encoder.lanes.pool(num_workers) as pool:
        ahead = num_workers + WAITING_BATCHES
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


def _overlapped(encoder: PreparedEncoder, batches: Iterable[ImageBatch]) -> Iterator[FeatureBatch]:
    """Yield the features of batches; each is launched before the one before is fetched."""
    waiting: deque[tuple[ImageBatch, Launched]] = deque()

    def fetch() -> FeatureBatch:
        batch, launched = waiting.popleft()
        return FeatureBatch(batch.paths, encoder.fetch(launched), batch.failed)

    for batch in batches:
        waiting.append((batch, encoder.launch(batch.pixels)))
        if len(waiting) > 1:
            yield fetch()
    while waiting:
        yield fetch()
