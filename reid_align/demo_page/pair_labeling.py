"""Labeling of image pairs, stored in a CSV file that `read_pairs` reads."""

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from reid_align.calibration import NamedPair, read_pairs
from reid_align.checks import up_to_one
from reid_align.csv_text import csv_text
from reid_align.errors import InvalidInputError
from reid_align.files import replace_file, writing
from reid_align.retrieval import nearest_rows

Pair = tuple[int, int]
_COLUMNS = ("path_a", "path_b", "same")
_NEIGHBORS, _TRIALS = 10, 200


class PairLabeling:
    """Proposes pairs of gallery images and stores the labels. Several sessions may share it.

    Args:
        file: CSV file; an existing one is continued.
        features: (N, D) features of the gallery.
        files: path of each image; "" if it is missing, and is not proposed.
        near_share: share of proposals in which the second image is one of the ten nearest to the
            first. The others are random; almost none of them is of one identity.
        seed: seed of the proposals.

    Raises:
        InvalidInputError: the file exists and cannot be read, fewer than two images exist, or the
            share is out of range.
    """

    def __init__(
        self,
        file: str | os.PathLike[str],
        features: NDArray[np.float32],
        files: Sequence[str],
        near_share: float = 0.75,
        seed: int = 0,
    ) -> None:
        up_to_one("near_share", near_share)
        self.file = Path(file)
        self._near_share = near_share
        self._features, self._files = features, [name and os.path.realpath(name) for name in files]
        self._usable = np.flatnonzero([bool(name) for name in files])
        if len(set(self._files) - {""}) < 2:
            raise InvalidInputError("Labeling pairs needs at least two gallery images that exist.")
        self._labels = list(read_pairs(self.file)) if self.file.exists() else []
        self._seen = {self._key(*pair[:2]) for pair in self._labels}
        self._random = np.random.default_rng([seed, len(self._labels)])
        self._lock = Lock()

    def propose(self) -> Pair | None:
        """Return the rows of a pair of images without a label; None if none is found."""
        with self._lock:
            for _ in range(_TRIALS):
                first = int(self._random.choice(self._usable))
                second = self._partner(first)
                if second is not None:
                    return first, second
        return None

    def label(self, pair: Pair, same: bool) -> bool:
        """Store a label; False if another session has labeled the pair meanwhile.

        Raises:
            OutputError: the file cannot be written; the label is not stored.
        """
        first, second = (self._files[row] for row in pair)
        with self._lock:
            if self._key(first, second) in self._seen:
                return False
            self._write([*self._labels, NamedPair(first, second, same)])
            self._seen.add(self._key(first, second))
        return True

    def undo(self) -> NamedPair | None:
        """Remove the last label and return it; None if there is none."""
        with self._lock:
            if not self._labels:
                return None
            last = self._labels[-1]
            self._write(self._labels[:-1])
            self._seen.discard(self._key(*last[:2]))
        return last

    @property
    def counts(self) -> tuple[int, int]:
        """Number of pairs labeled "same" and "different"."""
        same = sum(pair.same for pair in self._labels)
        return same, len(self._labels) - same

    def _partner(self, first: int) -> int | None:
        if self._random.random() < self._near_share:
            allowed = np.zeros(len(self._files), np.bool_)
            allowed[self._usable] = True
            query = self._features[first : first + 1]
            found = nearest_rows(query, self._features, _NEIGHBORS + 1, allowed=allowed).rows[0]
        else:
            found = self._random.choice(self._usable, 8)
        for row in self._random.permutation(found):
            names = self._files[first], self._files[int(row)] if row >= 0 else ""
            if names[1] and names[0] != names[1] and self._key(*names) not in self._seen:
                return int(row)
        return None

    def _write(self, labels: list[NamedPair]) -> None:
        rows = [(pair.first, pair.second, int(pair.same)) for pair in labels]
        with writing(self.file):
            if not labels:
                self.file.unlink()
            else:
                content = csv_text([_COLUMNS, *rows]).encode("utf-8", "surrogateescape")
                replace_file(self.file, content)
        self._labels = labels

    @staticmethod
    def _key(first: str, second: str) -> tuple[str, str]:
        names = sorted(map(os.path.realpath, (first, second)))
        return names[0], names[1]
