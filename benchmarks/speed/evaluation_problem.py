"""Random features and labels in the sizes of real datasets."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Problem:
    """Size of a dataset, and the scatter of an identity's features about their mean."""

    queries: int
    gallery: int
    distractors: int
    identities: int
    cameras: int
    dimensions: int
    scatter: float = 3.6


GROWING = Problem(1_000, 2_000, 0, 250, 6, 2_048)
PROBLEMS = {
    "small": (Problem(300, 1_500, 250, 70, 6, 256, 2.0),),
    "market": (Problem(3_368, 15_913, 2_798, 750, 6, 2_048),),
    "msmt17": (Problem(11_659, 82_161, 0, 3_060, 15, 2_048),),
    "growth": tuple(replace(GROWING, gallery=size) for size in (2_000, 4_000, 8_000, 12_000)),
}


class Side(NamedTuple):
    """Queries or gallery: (N, D) float32 features and (N,) int64 labels."""

    features: NDArray[np.float32]
    person_ids: NDArray[np.int64]
    camera_ids: NDArray[np.int64]


def first(side: Side, count: int) -> Side:
    """Return the first ``count`` items of a side."""
    return Side._make(values[:count] for values in side)


def draw(problem: Problem, seed: int, folder: Path) -> None:
    """Draw a problem and write its arrays to a folder."""
    random = np.random.default_rng(seed)
    means = random.standard_normal((problem.identities + 1, problem.dimensions), np.float32)
    # Distractors share the last ID and scatter about the mean of all identities.
    means[-1] = 0
    distractors = {"query": 0, "gallery": problem.distractors}
    for side, count in (("query", problem.queries), ("gallery", problem.gallery)):
        person_ids = random.integers(0, problem.identities, count)
        person_ids[: distractors[side]] = problem.identities
        random.shuffle(person_ids)
        features = random.standard_normal((count, problem.dimensions), np.float32)
        features *= np.float32(problem.scatter)
        features += means[person_ids]
        camera_ids = random.integers(0, problem.cameras, count)
        drawn = Side(features, person_ids, camera_ids)
        for name, values in drawn._asdict().items():
            np.save(folder / f"{side}_{name}.npy", values)


def load(folder: Path) -> tuple[Side, Side]:
    """Load the queries and the gallery written by `draw`."""
    query, gallery = (
        Side._make(np.load(folder / f"{side}_{name}.npy") for name in Side._fields)
        for side in ("query", "gallery")
    )
    return query, gallery
