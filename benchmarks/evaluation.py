"""Time the evaluation beside the matrix product it rests on and beside sorting every gallery.

Every variant runs in a process of its own, so that its peak memory is its own, on one random
problem that is drawn from a seed. Rounds go through all variants, as a machine that others use
changes its pace; of each variant the round with the least processor time counts.

Run it as ``python benchmarks/evaluation.py --size market --output evaluation.json``.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from provenance import provenance, write_result

from reid_align.metrics import DistanceBlocks, Labels, distance_blocks, rank, rerank_blocks


@dataclass(frozen=True)
class Problem:
    """The shape of a dataset, and how far the images of a person scatter about their mean."""

    queries: int
    gallery: int
    distractors: int
    persons: int
    cameras: int
    dimensions: int
    scatter: float = 3.6


PROBLEMS = {
    "small": Problem(300, 1_500, 250, 70, 6, 256, 2.0),
    "market": Problem(3_368, 15_913, 2_798, 750, 6, 2_048),
    "msmt17": Problem(11_659, 82_161, 0, 3_060, 15, 2_048),
}


class Side(NamedTuple):
    """Queries or gallery: (N, D) float32 features and (N,) int64 labels."""

    features: NDArray[np.float32]
    person_ids: NDArray[np.int64]
    camera_ids: NDArray[np.int64]


class Figures(NamedTuple):
    """What a variant took (seconds, and MiB at most beyond the features) and found."""

    variant: str
    wall_s: float
    cpu_s: float
    peak_mib: float
    scores: dict[str, float]


def draw(problem: Problem, seed: int, folder: Path) -> None:
    """Draw a problem and write its arrays into a folder."""
    random = np.random.default_rng(seed)
    means = random.standard_normal((problem.persons + 1, problem.dimensions), np.float32)
    # The distractors, all of the last id, lie about the mean of all persons.
    means[-1] = 0
    distractors = {"query": 0, "gallery": problem.distractors}
    for side, count in (("query", problem.queries), ("gallery", problem.gallery)):
        person_ids = random.integers(0, problem.persons, count)
        person_ids[: distractors[side]] = problem.persons
        random.shuffle(person_ids)
        features = random.standard_normal((count, problem.dimensions), np.float32)
        features *= np.float32(problem.scatter)
        features += means[person_ids]
        camera_ids = random.integers(0, problem.cameras, count)
        drawn = Side(features, person_ids, camera_ids)
        for name, values in drawn._asdict().items():
            np.save(folder / f"{side}_{name}.npy", values)


def multiply(query: Side, gallery: Side) -> dict[str, float]:
    """Compute the matrix product, a block at a time, and nothing else."""
    for start in range(0, len(query.features), 1024):
        np.matmul(query.features[start : start + 1024], gallery.features.T)
    return {}


def evaluate(source: Callable[..., DistanceBlocks], query: Side, gallery: Side) -> dict[str, float]:
    """Evaluate with this library."""
    distances = source(query.features, gallery.features)
    sides = [Labels(side.person_ids, side.camera_ids) for side in (query, gallery)]
    result = rank(distances, sides[0], sides[1])
    return {"rank1": float(result.cmc[0]), "mAP": result.mean_average_precision}


def sort(query: Side, gallery: Side) -> dict[str, float]:
    """Evaluate as is usual: make the whole table of distances and sort every row of it."""
    units = [
        side.features / np.linalg.norm(side.features, axis=1, keepdims=True)
        for side in (query, gallery)
    ]
    first_ranks, precisions = [], []
    for row, person_id, camera_id in zip(
        1 - units[0] @ units[1].T, query.person_ids, query.camera_ids, strict=True
    ):
        order = np.argsort(row, kind="stable")
        same = gallery.person_ids[order] == person_id
        hits = same[~(same & (gallery.camera_ids[order] == camera_id))]
        ranks = np.flatnonzero(hits) + 1
        if ranks.size:
            first_ranks.append(ranks[0])
            precisions.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return {"rank1": float(np.mean(np.equal(first_ranks, 1))), "mAP": float(np.mean(precisions))}


VARIANTS: dict[str, Callable[[Side, Side], dict[str, float]]] = {
    "multiply": multiply,
    "evaluate": partial(evaluate, distance_blocks),
    "sort": sort,
    "rerank": partial(evaluate, rerank_blocks),
}


def peak_mib() -> float:
    """Return the most memory that this process has held; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def measure(variant: str, folder: Path) -> Figures:
    """Run a variant in this process."""
    query, gallery = (
        Side(*(np.load(folder / f"{side}_{name}.npy") for name in Side._fields))
        for side in ("query", "gallery")
    )
    memory, wall, cpu = peak_mib(), time.perf_counter(), time.process_time()
    scores = VARIANTS[variant](query, gallery)
    taken = time.perf_counter() - wall, time.process_time() - cpu
    return Figures(variant, *taken, peak_mib() - memory, scores)


def compare(problem: Problem, seed: int, rounds: int) -> dict[str, Figures]:
    """Measure all variants in turn, each in its process, and return the best round of each.

    Exits with a message if sorting and this library find different scores.
    """
    with (
        tempfile.TemporaryDirectory() as name,
        ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool,
    ):
        folder = Path(name)
        pool.submit(draw, problem, seed, folder).result()
        turns = [variant for _ in range(rounds) for variant in VARIANTS]
        runs = [pool.submit(measure, variant, folder).result() for variant in turns]
    runs.sort(key=lambda run: run.cpu_s, reverse=True)
    best = {run.variant: run for run in runs}
    ours, theirs = best["evaluate"].scores, best["sort"].scores
    # Both round distances differently, so that near ties may swap.
    if any(abs(ours[name] - theirs[name]) > 1e-3 for name in theirs):
        raise SystemExit(f"This library finds {ours}, sorting {theirs}.")
    return best


def main() -> None:
    """Read the command line, measure, print and write."""
    parser = argparse.ArgumentParser(description="Time the evaluation beside what it replaces.")
    parser.add_argument("--size", choices=PROBLEMS, default="small")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    problem = PROBLEMS[arguments.size]
    figures = compare(problem, arguments.seed, arguments.rounds)
    record = {
        "benchmark": "evaluation",
        **provenance(),
        "size": arguments.size,
        "seed": arguments.seed,
        "rounds": arguments.rounds,
        "problem": asdict(problem),
        "figures": [figures[variant]._asdict() for variant in VARIANTS],
    }
    print(json.dumps(record, indent=2))
    if arguments.output:
        write_result(arguments.output, record)


if __name__ == "__main__":
    main()
