r"""Time evaluation and re-ranking against a plain matrix product and the usual implementations.

    python -m benchmarks.speed.evaluation --size market
    python -m benchmarks.speed.evaluation --size msmt17 --ways multiply evaluate
    python -m benchmarks.speed.evaluation --size msmt17 --ways rerank --label msmt17_rerank
    python -m benchmarks.speed.evaluation --size growth \
        --ways evaluate sort rerank rerank_in_tables
    python -m benchmarks.speed.evaluation --size market --device cuda --label market_cuda

Each method runs in a new process, so that its peak memory is measured separately, on random
features drawn from a seed. "multiply" and "evaluate" alternate for some rounds, and the fastest
round of each counts; the slow methods run once. On a GPU, each method first runs on a few images to
exclude the start-up of the device.

A run writes one row to benchmarks/results/evaluation.json and replaces a row with the same label.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, add_row, provenance
from benchmarks.speed.evaluation_methods import METHODS
from benchmarks.speed.evaluation_problem import PROBLEMS, Problem, draw, first, load
from benchmarks.speed.peak_memory import peak_mib

# Queries and gallery items of the warm-up on a GPU.
WARM_UP = 64, 1024
QUICK = ("multiply", "evaluate")
# Methods that must give the same scores, up to near ties.
AGREEING = (("evaluate", "sort"), ("rerank", "rerank_in_tables"))


class Figures(NamedTuple):
    """Cost and scores of one method.

    Wall-clock and CPU seconds; peak memory in MiB beyond the features, of the whole process, and on
    the GPU.
    """

    method: str
    wall_s: float
    cpu_s: float
    peak_mib: float
    process_mib: float
    device_mib: float
    scores: dict[str, float]


def measure(method: str, folder: Path, device: str) -> Figures:
    """Run one method in this process, after a warm-up if it runs on a GPU."""
    query, gallery = load(folder)
    if device != "cpu":
        METHODS[method](first(query, WARM_UP[0]), first(gallery, WARM_UP[1]), device)
    memory, wall, cpu = peak_mib(), time.perf_counter(), time.process_time()
    scores = METHODS[method](query, gallery, device)
    taken = time.perf_counter() - wall, time.process_time() - cpu
    on_gpu = torch.cuda.max_memory_reserved() / 2**20 if device != "cpu" else 0.0
    return Figures(method, *taken, peak_mib() - memory, peak_mib(), on_gpu, scores)


def compare(
    problem: Problem, methods: Sequence[str], seed: int, rounds: int, device: str
) -> dict[str, Figures]:
    """Run the methods in turn, each in a new process, and return the best round of each."""
    best: dict[str, Figures] = {}
    with (
        tempfile.TemporaryDirectory() as name,
        ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool,
    ):
        folder = Path(name)
        pool.submit(draw, problem, seed, folder).result()
        for number in range(rounds):
            for method in [method for method in methods if number == 0 or method in QUICK]:
                run = pool.submit(measure, method, folder, device).result()
                print(f"  {run}", flush=True)
                best[method] = min(best.get(method, run), run, key=lambda figures: figures.wall_s)
    return best


def disagreements(best: Mapping[str, Figures]) -> list[str]:
    """Return a message for each pair of equivalent methods with different scores."""
    found = []
    for ours, theirs in AGREEING:
        if ours in best and theirs in best:
            here, there = best[ours].scores, best[theirs].scores
            if not all(abs(here[name] - there[name]) < 1e-3 for name in there):
                found.append(f"Scores differ: {ours} {here}, {theirs} {there}.")
    return found


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = benchmark_parser("python -m benchmarks.speed.evaluation", __doc__)
    parser.add_argument("--size", choices=PROBLEMS, default="small", help="size of the problem")
    parser.add_argument(
        "--ways", nargs="+", choices=METHODS, default=list(METHODS), help="methods to measure"
    )
    parser.add_argument("--label", help="label of the row (default: the size)")
    parser.add_argument(
        "--device", default="cpu", help="device of reid_align's and the plain matrix products"
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    parser.add_argument(
        "--rounds", type=int, default=3, help="number of rounds; the best one counts"
    )
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "evaluation.json", help="result file"
    )
    return parser


def main() -> None:
    """Measure, print and write."""
    options = build_parser().parse_args()
    runs, wrong = [], []
    for problem in PROBLEMS[options.size]:
        best = compare(problem, options.ways, options.seed, options.rounds, options.device)
        figures = {method: best[method]._asdict() for method in options.ways}
        runs.append({"problem": asdict(problem), "figures": figures})
        wrong += disagreements(best)
    row = {"label": options.label or options.size, "size": options.size, **provenance()}
    row |= {"device": options.device, "seed": options.seed, "rounds": options.rounds, "runs": runs}
    print(json.dumps(row, indent=2))
    add_row(options.output, "evaluation", row)
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
