"""Call rates of a function in one or several parallel threads."""

import time
from collections.abc import Callable

import torch

from reid_align.inference.parallelism import Parallelism


def rate(work: Callable[[], object], parallelism: Parallelism, seconds: float) -> float:
    """Return calls per second over all threads; the first call is a warm-up.

    Args:
        work: function to call, without gradients.
        parallelism: number of parallel calls, and threads of each.
        seconds: duration; every lane finishes its last call.
    """

    def repeat(_: int) -> float:
        with torch.inference_mode():
            work()
            calls, began = 0, time.perf_counter()
            while (passed := time.perf_counter() - began) < seconds:
                work()
                if torch.cuda.is_available():
                    torch.cuda.synchronize()
                calls += 1
        return calls / passed

    with parallelism.pool(parallelism.batches) as pool:
        return sum(pool.map(repeat, range(parallelism.batches)))


def best_of(rounds: int, works: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Run all functions in turn, round by round, and return the highest value of each.

    Alternating evens out changes in the speed of a shared machine.
    """
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            found[name].append(work())
            print(f"  round {number + 1}  {name:44}{found[name][-1]:12.1f}", flush=True)
    return {name: max(figures) for name, figures in found.items()}
