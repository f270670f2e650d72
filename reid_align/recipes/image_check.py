"""Check that all training images can be read, before hours of training."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from reid_align.batches.sources import TrainingSource
from reid_align.cores import available_cores
from reid_align.errors import DatasetFormatError, ImageReadError
from reid_align.progress import Progress

MAX_LISTED, MAX_WORKERS = 5, 16
# Images that are decoded ahead.
BLOCK = 1024


def check_images(source: TrainingSource, *, progress: bool = False) -> None:
    """Decode every training image once.

    Args:
        source: the training images.
        progress: show the progress.

    Raises:
        DatasetFormatError: images cannot be read; the message names the first five.
    """
    with Progress(len(source), label="checking images", visible=progress) as shown:
        failed = list(_failed(source, shown))
    if not failed:
        return
    listed = "; ".join(str(error) for error in failed[:MAX_LISTED])
    more = f"; and {len(failed) - MAX_LISTED:,} more" if len(failed) > MAX_LISTED else ""
    raise DatasetFormatError(
        f"{len(failed):,} of {len(source):,} training images cannot be read: {listed}{more}. "
        "Replace these files, or remove them from the folder or the CSV file, and run the command "
        "again."
    )


def _failed(source: TrainingSource, shown: Progress) -> Iterator[ImageReadError]:
    def read(index: int) -> ImageReadError | None:
        try:
            source.image(index)
        except ImageReadError as error:
            return error
        return None

    workers = min(MAX_WORKERS, available_cores())
    with ThreadPoolExecutor(workers, thread_name_prefix="check") as pool:
        for start in range(0, len(source), BLOCK):
            indices = range(start, min(start + BLOCK, len(source)))
            for error in pool.map(read, indices):
                shown.update()
                if error is not None:
                    yield error
