"""How the cores are shared out: batches side by side, each on cores of its own.

Cores that compute one batch together wait for each other after every layer, and for good when
another process takes one of them away; cores with a batch each do not. With one core for each
batch the bits of the features do not depend on how many cores there are.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

import torch


class _Cores:
    """How many cores torch may use, whatever the extractions that run now have set."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._count = 1

    def count(self) -> int:
        with self._lock:
            return self._count if self._users else torch.get_num_threads()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Let torch afterward use as many as before the first of several that overlap."""
        with self._lock:
            if not self._users:
                self._count = torch.get_num_threads()
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                # The last number that any thread has set is also the default of threads to come.
                torch.set_num_threads(self._count)


_CORES = _Cores()


@dataclass(frozen=True)
class Lanes:
    """How many batches are computed at once.

    Attributes:
        count: batches side by side.
        threads: cores for each of them.
    """

    count: int
    threads: int

    @classmethod
    def share(cls, device: torch.device, num_workers: int) -> "Lanes":
        """Share out the cores that torch may use; a GPU does one batch after the other."""
        cores = _CORES.count()
        count = max(1, min(num_workers, cores)) if device.type == "cpu" else 1
        return cls(count, cores // count)

    @contextmanager
    def pool(self, num_workers: int) -> Iterator[ThreadPoolExecutor]:
        """Provide threads that keep to their cores; what has not begun at the end never will."""
        with _CORES.kept():
            limit = (self.threads,)
            pool = ThreadPoolExecutor(num_workers, "features", torch.set_num_threads, limit)
            try:
                yield pool
            finally:
                # Waiting, as a thread that sets its number of cores later would set everybody's.
                pool.shutdown(cancel_futures=True)


ONE_LANE = Lanes(1, 1)


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Let torch use so many cores in the calling thread, and afterward as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        # The last number that any thread has set is also the default of threads to come.
        torch.set_num_threads(before)
