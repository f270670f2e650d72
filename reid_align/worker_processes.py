"""Worker processes: whether this machine can run them, and the error if one is killed."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager

from reid_align.errors import WorkerProcessError


def check_worker_processes() -> None:
    """Create and delete a semaphore, which every pool of processes needs.

    Raises:
        WorkerProcessError: the shared memory of the machine cannot be used.
    """
    try:
        multiprocessing.get_context("spawn").Lock()
    except OSError as error:
        raise WorkerProcessError(
            f"Worker processes cannot be started: {error.strerror or error}. They need "
            "shared memory (/dev/shm) that is writable and not full. Make it usable, or use no "
            "processes (num_workers=0)."
        ) from error


@contextmanager
def explain_lost_workers() -> Iterator[None]:
    """Turn torch's error about a killed worker into a `WorkerProcessError`.

    Torch raises it from a signal handler, also while the training computes and reads no batch.
    """
    try:
        yield
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker"):
            raise
        raise WorkerProcessError(
            "A worker process of the batch loader was killed, perhaps because the memory is full. "
            "Use fewer processes (num_workers) or smaller batches."
        ) from error
