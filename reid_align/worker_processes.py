"""Check that this machine can run worker processes."""

import multiprocessing

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
