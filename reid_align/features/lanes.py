"""How the cores are shared out: batches side by side, each on cores of its own.

Cores that compute one batch together wait for each other after every layer, and for good when
another process takes one of them away; cores with a batch each do not. With one core for each
batch the bits of the features do not depend on how many cores there are.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import torch


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
        cores = torch.get_num_threads()
        count = max(1, min(num_workers, cores)) if device.type == "cpu" else 1
        return cls(count, cores // count)

    @contextmanager
    def pool(self, num_workers: int) -> Iterator[ThreadPoolExecutor]:
        """Provide threads that keep to their cores; what has not begun at the end never will."""
        with torch_threads(torch.get_num_threads()):
            limit = (self.threads,)
            pool = ThreadPoolExecutor(num_workers, "features", torch.set_num_threads, limit)
            try:
                yield pool
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


ONE_LANE = Lanes(1, 1)


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Let torch use so many cores in the calling thread, and afterwards as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        # The last number that any thread has set is also the default of threads to come.
        torch.set_num_threads(before)
