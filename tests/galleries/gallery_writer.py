"""Writer process of the tests: adds batches of three rows and prints each one that is stored.

    python gallery_writer.py FOLDER NAME BATCHES

Batches alternate between existing columns and a new column, and each fifth batch is removed again.
"""

import sys

import numpy as np

from reid_align import Gallery
from reid_align.features import Features

ROWS, FEATURE_DIM = 3, 4


def batch_values(name: str, batch: int) -> np.ndarray:
    seed = [ord(name), batch]
    return np.random.default_rng(seed).standard_normal((ROWS, FEATURE_DIM), np.float32)


def main(folder: str, name: str, batches: int) -> None:
    gallery = Gallery.open(folder)
    for batch in range(batches):
        paths = tuple(f"{name}-{batch}-{row}" for row in range(ROWS))
        metadata: list[dict[str, object]] = [{"writer": name, "batch": batch}] * ROWS
        if batch % 10 == 3:
            metadata = [{**row, f"{name}{batch}": True} for row in metadata]
        gallery.add(Features(batch_values(name, batch), paths, (), "digest"), metadata)
        if batch % 5 == 4:
            gallery.remove(f"writer = '{name}' AND batch = {batch}")
        print(batch, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
