"""Time the evaluation beside the matrix product it rests on, and beside the usual ways.

Every way runs in a process of its own, so that its peak memory is its own, on one random problem
that is drawn from a seed. The first two take turns for some rounds, as a machine that others use
changes its pace, and of each the fastest round counts; the others, which take long, run once. On
another device than the CPU a way first runs on a few images, before the clock and the memory are
read: what a fresh process has to load for the device is no part of any way.

    python benchmarks/evaluation.py --size market
    python benchmarks/evaluation.py --size msmt17 --ways multiply evaluate
    python benchmarks/evaluation.py --size msmt17 --ways rerank --label msmt17_rerank
    python benchmarks/evaluation.py --size growth --ways evaluate sort rerank rerank_in_tables
    python benchmarks/evaluation.py --size market --device cuda --label market_cuda

Every run adds a row to the table in benchmarks/results/evaluation.json, in the place of one of the
same label; benchmarks/update_docs.py makes tables and a image of them.
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
from evaluation_problem import PROBLEMS, Problem, draw, first, load
from evaluation_ways import WAYS
from provenance import RESULTS, add_row, provenance
from speed_memory import peak_mib

# Queries and gallery items that a way runs on before the clock, on another device than the CPU.
WARM_UP = 64, 1024
QUICK = ("multiply", "evaluate")
# Ways that must find the same scores, up to near ties that rounding swaps.
AGREEING = (("evaluate", "sort"), ("rerank", "rerank_in_tables"))


class Figures(NamedTuple):
    """What a way took and found.

    Seconds; MiB at most beyond the features, of the whole process with everything that is loaded,
    and on the GPU.
    """

    way: str
    wall_s: float
    cpu_s: float
    peak_mib: float
    process_mib: float
    device_mib: float
    scores: dict[str, float]


def measure(way: str, folder: Path, device: str) -> Figures:
    """Run a way in this process; on another device than the CPU also on a few images before."""
    query, gallery = load(folder)
    if device != "cpu":
        WAYS[way](first(query, WARM_UP[0]), first(gallery, WARM_UP[1]), device)
    memory, wall, cpu = peak_mib(), time.perf_counter(), time.process_time()
    scores = WAYS[way](query, gallery, device)
    taken = time.perf_counter() - wall, time.process_time() - cpu
    on_gpu = torch.cuda.max_memory_reserved() / 2**20 if device != "cpu" else 0.0
    return Figures(way, *taken, peak_mib() - memory, peak_mib(), on_gpu, scores)


def compare(
    problem: Problem, ways: Sequence[str], seed: int, rounds: int, device: str
) -> dict[str, Figures]:
    """Measure ways in turn, each in its process, and return the best round of each."""
    best: dict[str, Figures] = {}
    with (
        tempfile.TemporaryDirectory() as name,
        ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool,
    ):
        folder = Path(name)
        pool.submit(draw, problem, seed, folder).result()
        for number in range(rounds):
            for way in [way for way in ways if number == 0 or way in QUICK]:
                run = pool.submit(measure, way, folder, device).result()
                print(f"  {run}", flush=True)
                best[way] = min(best.get(way, run), run, key=lambda figures: figures.wall_s)
    return best


def disagreements(best: Mapping[str, Figures]) -> list[str]:
    """Return a sentence on each pair of ways that should agree and find different scores."""
    found = []
    for ours, theirs in AGREEING:
        if ours in best and theirs in best:
            here, there = best[ours].scores, best[theirs].scores
            if not all(abs(here[name] - there[name]) < 1e-3 for name in there):
                found.append(f"{ours} finds {here}, {theirs} {there}.")
    return found


def build_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser("evaluation.py", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--size", choices=PROBLEMS, default="small")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--label", help="of the row; default: the size")
    parser.add_argument("--device", default="cpu", help="of this library's products, and the bare")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS / "evaluation.json")
    return parser


def main() -> None:
    """Measure, print and write."""
    options = build_parser().parse_args()
    runs, wrong = [], []
    for problem in PROBLEMS[options.size]:
        best = compare(problem, options.ways, options.seed, options.rounds, options.device)
        figures = {way: best[way]._asdict() for way in options.ways}
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
