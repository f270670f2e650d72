"""How often something runs in a second, alone or in several threads side by side."""

import time
from collections.abc import Callable

import torch

from reid_align.inference.parallelism import Parallelism


def rate(work: Callable[[], object], lanes: Parallelism, seconds: float) -> float:
    """Return how often ``work`` runs a second, all lanes together; the first call is not counted.

    Args:
        work: what to repeat; it is called without gradients.
        lanes: how many threads repeat it, with how many cores each.
        seconds: how long; every lane finishes what it has begun.
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

    with lanes.pool(lanes.count) as pool:
        return sum(pool.map(repeat, range(lanes.count)))


def best_of(rounds: int, works: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Run all works in turn, round by round, and return the highest figure of each.

    Rounds go through all of them, as a machine that others use changes its pace.
    """
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            found[name].append(work())
            print(f"  round {number + 1}  {name:44}{found[name][-1]:12.1f}", flush=True)
    return {name: max(figures) for name, figures in found.items()}
