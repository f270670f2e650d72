"""Unwrap the images of a folder: in batches, with decoding and writing beside the network."""

import io
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.features import FailedImage
from reid_align.features.pipeline import default_batch_size, default_workers
from reid_align.files import replace_file, writing
from reid_align.images import decode_image
from reid_align.unwrapping.jobs import Job, list_jobs
from reid_align.unwrapping.networks import Unwrapper
from reid_align.unwrapping.record import describe, open_output, write_record
from reid_align.unwrapping.sheet import draw_sheet


@dataclass(frozen=True)
class Unwrapped:
    """What a run did.

    Attributes:
        written: files it wrote.
        resumed: files that were there already, from a run before.
        failed: the images that could not be read.
    """

    written: int
    resumed: int
    failed: tuple[FailedImage, ...]


@dataclass(frozen=True)
class _Decoded:
    """A image at the size of the network, and the height and width that it has itself."""

    job: Job
    pixels: NDArray[np.uint8]
    size: tuple[int, int]


def unwrap_images(
    images: str | Sequence[Job],
    unwrapper: Unwrapper,
    output: Path,
    *,
    batch_size: int | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> Unwrapped:
    """Unwrap images to a folder of PNG files under the same names.

    Each file appears whole or not at all, and one that is there is not made again: an interrupted
    run is continued by the same call. Beside the files, ``unwrap.json`` says what made them and
    which images could not be read, and ``contact_sheet.jpg`` shows some of them.

    Args:
        images: a folder, or one image, see `list_jobs`; or some images of a folder, from
            `jobs_below` with the same ``output``.
        unwrapper: the networks.
        output: the folder to write to: a new one, an empty one, or that of the run to continue.
        batch_size: images at a time; None is what suits the device.
        workers: threads that decode and write; None is one per core.
        progress: show a bar with rate and time left on standard error, if that is a terminal.

    Raises:
        NoImagesError: there is no image.
        InvalidInputError: two images for one file, an output among the images, or a
            ``batch_size`` or ``workers`` below 1.
        OutputError: the output cannot be written, or was begun in another way.
    """
    size = default_batch_size(unwrapper.device.type) if batch_size is None else batch_size
    threads = default_workers(unwrapper.device.type) if workers is None else workers
    for name, value in (("batch_size", size), ("workers", threads)):
        if value < 1:
            raise InvalidInputError(f"{name} {value}: give a whole number from 1 on.")
    jobs = list_jobs(images, output) if isinstance(images, str) else images
    settings = describe(unwrapper)
    open_output(output, settings)
    left = [job for job in jobs if not job.target.is_file()]
    failed: list[FailedImage] = []
    bar = tqdm(
        total=len(jobs),
        initial=len(jobs) - len(left),
        unit="image",
        disable=None if progress else True,
    )
    pool = ThreadPoolExecutor(threads, thread_name_prefix="unwrap")
    try:
        with bar, writing(output):
            for batch in _decoded(left, unwrapper, size, pool):
                failed += [image for image in batch if isinstance(image, FailedImage)]
                _unwrap([image for image in batch if isinstance(image, _Decoded)], unwrapper, pool)
                bar.update(len(batch))
            write_record(output, settings, failed)
            draw_sheet([job for job in jobs if job.target.is_file()], unwrapper.kind, output)
    finally:
        pool.shutdown(cancel_futures=True)
    return Unwrapped(len(left) - len(failed), len(jobs) - len(left), tuple(failed))


def _decoded(
    jobs: Sequence[Job], unwrapper: Unwrapper, batch_size: int, pool: ThreadPoolExecutor
) -> Iterator[list[_Decoded | FailedImage]]:
    """Yield the images in batches; the next one is decoded while the caller has this one."""

    def decode(job: Job) -> _Decoded | FailedImage:
        try:
            pixels = decode_image(job.source)
        except ImageReadError as error:
            return FailedImage(job.source, error.reason)
        return _Decoded(job, unwrapper.preprocess.resize(pixels), pixels.shape[:2])

    window: deque[list[Future[_Decoded | FailedImage]]] = deque()
    for start in range(0, len(jobs), batch_size):
        window.append([pool.submit(decode, job) for job in jobs[start : start + batch_size]])
        if len(window) > 1:
            yield [future.result() for future in window.popleft()]
    for batch in window:
        yield [future.result() for future in batch]


def _unwrap(batch: Sequence[_Decoded], unwrapper: Unwrapper, pool: ThreadPoolExecutor) -> None:
    """Unwrap the images of a batch and write their files."""
    if not batch:
        return

    def write(image: _Decoded, unwrapped: NDArray[np.uint8]) -> None:
        content = io.BytesIO()
        Image.fromarray(unwrapper.fit(unwrapped, image.size)).save(content, "PNG")
        image.job.target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(image.job.target, content.getvalue())

    list(pool.map(write, batch, unwrapper(np.stack([image.pixels for image in batch]))))
