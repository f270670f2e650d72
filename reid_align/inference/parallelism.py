"""How batches are distributed over CPU cores.

Several batches run in parallel, each on separate cores. Cores that share one batch synchronize
after every layer and stall when another process takes one of them. With one core per batch, the
features have the same bits whatever the number of cores.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

import torch


class _Cores:
    """Number of cores torch may use, independent of what running extractions have set."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._count = 1

    def count(self) -> int:
        with self._lock:
            return self._count if self._users else torch.get_num_threads()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Restore torch's number of threads after the last of several overlapping extractions."""
        with self._lock:
            if not self._users:
                self._count = torch.get_num_threads()
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                # The last number set by any thread is also the default for new threads.
                torch.set_num_threads(self._count)


_CORES = _Cores()


@dataclass(frozen=True)
class Parallelism:
    """Number of batches computed in parallel, and of cores for each.

    Attributes:
        batches: batches in parallel.
        threads: cores per batch.
    """

    batches: int
    threads: int

    @classmethod
    def share(cls, device: torch.device, num_workers: int) -> "Parallelism":
        """Distribute the cores torch may use over the workers; a GPU runs one batch at a time."""
        cores = _CORES.count()
        batches = max(1, min(num_workers, cores)) if device.type == "cpu" else 1
        return cls(batches, cores // batches)

    @contextmanager
    def pool(self, num_workers: int) -> Iterator[ThreadPoolExecutor]:
        """Provide a thread pool with ``threads`` cores per worker; cancel queued work on exit."""
        with _CORES.kept():
            limit = (self.threads,)
            pool = ThreadPoolExecutor(num_workers, "features", torch.set_num_threads, limit)
            try:
                yield pool
            finally:
                # Wait: a worker that starts later would change the number of cores of all threads.
                pool.shutdown(cancel_futures=True)


SERIAL = Parallelism(1, 1)


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Limit torch to this many cores in the calling thread, and restore the number on exit."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        # The last number set by any thread is also the default for new threads.
        torch.set_num_threads(before)
