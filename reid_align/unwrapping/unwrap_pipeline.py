"""Batched unwrapping with decoding and writing in background threads."""

import io
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.files import replace_file, writing
from reid_align.images import decode_image
from reid_align.inference.device import default_batch_size, default_workers
from reid_align.interrupts import kept
from reid_align.progress import Progress
from reid_align.unwrapping.preview_sheet import draw_sheet
from reid_align.unwrapping.unwrap_jobs import UnwrapJob, list_jobs
from reid_align.unwrapping.unwrap_record import describe, open_output, write_record
from reid_align.unwrapping.unwrappers import Unwrapper


@dataclass(frozen=True)
class UnwrapSummary:
    """Result of a run.

    Attributes:
        written: number of files written.
        resumed: number of files that already existed from an earlier run.
        failed: errors of the images that could not be read.
    """

    written: int
    resumed: int
    failed: tuple[ImageReadError, ...]


@dataclass(frozen=True)
class _DecodedImage:
    """Image at the network's size, with its original height and width."""

    job: UnwrapJob
    pixels: NDArray[np.uint8]
    size: tuple[int, int]


def unwrap_images(
    images: str | Sequence[UnwrapJob],
    unwrapper: Unwrapper,
    output: Path,
    *,
    batch_size: int | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> UnwrapSummary:
    """Unwrap images to PNG files with the same relative paths.

    Files are written atomically, and existing files are kept: to resume an interrupted run, repeat
    the call. Also writes ``unwrap.json`` (settings and failed images) and ``contact_sheet.jpg``.

    Args:
        images: folder or image file, see `list_jobs`; or jobs from `jobs_below` with the same
            ``output``.
        unwrapper: networks.
        output: output folder: new, empty, or from an earlier run with the same settings.
        batch_size: images per batch; None chooses it from the device.
        workers: threads that decode and write; None chooses it from the device and the cores.
        progress: show the progress on standard error.

    Raises:
        NoImagesError: no image was found.
        InvalidInputError: two images with one output file, an output inside the image folder, or a
            ``batch_size`` or ``workers`` below 1.
        OutputError: the output cannot be written, or was made with different settings.
    """
    size = default_batch_size(unwrapper.device.type) if batch_size is None else batch_size
    threads = default_workers(unwrapper.device.type) if workers is None else workers
    for name, value in (("batch_size", size), ("workers", threads)):
        if value < 1:
            raise InvalidInputError(f"{name} is {value}. It must be at least 1.")
    jobs = list_jobs(images, output) if isinstance(images, str) else images
    settings = describe(unwrapper)
    open_output(output, settings)
    remaining = [job for job in jobs if not job.target.is_file()]
    failed: list[ImageReadError] = []
    bar = Progress(len(jobs), done=len(jobs) - len(remaining), visible=progress)

    def saved() -> str:
        count = sum(job.target.is_file() for job in jobs)
        return f"{count:,} of {len(jobs):,} images are unwrapped in {output}"

    pool = ThreadPoolExecutor(threads, thread_name_prefix="unwrap")
    try:
        with kept(saved), bar, writing(output):
            for batch in _decoded_batches(remaining, unwrapper, size, pool):
                failed += [image for image in batch if isinstance(image, ImageReadError)]
                decoded = [image for image in batch if isinstance(image, _DecodedImage)]
                _unwrap_batch(decoded, unwrapper, pool)
                bar.update(len(batch))
            write_record(output, settings, failed)
            draw_sheet([job for job in jobs if job.target.is_file()], unwrapper.kind, output)
    finally:
        pool.shutdown(cancel_futures=True)
    return UnwrapSummary(len(remaining) - len(failed), len(jobs) - len(remaining), tuple(failed))


def _decoded_batches(
    jobs: Sequence[UnwrapJob], unwrapper: Unwrapper, batch_size: int, pool: ThreadPoolExecutor
) -> Iterator[list[_DecodedImage | ImageReadError]]:
    """Yield batches of decoded images; decodes one batch ahead."""

    def decode(job: UnwrapJob) -> _DecodedImage | ImageReadError:
        try:
            pixels = decode_image(job.source)
        except ImageReadError as error:
            return error
        return _DecodedImage(job, unwrapper.preprocess.resize(pixels), pixels.shape[:2])

    window: deque[list[Future[_DecodedImage | ImageReadError]]] = deque()
    for start in range(0, len(jobs), batch_size):
        window.append([pool.submit(decode, job) for job in jobs[start : start + batch_size]])
        if len(window) > 1:
            yield [future.result() for future in window.popleft()]
    for batch in window:
        yield [future.result() for future in batch]


def _unwrap_batch(
    batch: Sequence[_DecodedImage], unwrapper: Unwrapper, pool: ThreadPoolExecutor
) -> None:
    """Unwrap a batch and write its files."""
    if not batch:
        return

    def write(image: _DecodedImage, unwrapped: NDArray[np.uint8]) -> None:
        content = io.BytesIO()
        Image.fromarray(unwrapper.fit(unwrapped, image.size)).save(content, "PNG")
        image.job.target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(image.job.target, content.getvalue())

    list(pool.map(write, batch, unwrapper(np.stack([image.pixels for image in batch]))))
