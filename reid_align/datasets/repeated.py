"""Benchmarks whose persons are divided into training and test several times over."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from reid_align.datasets.base import ImageRecord, ReidDataset, Split
from reid_align.datasets.loader import Benchmark
from reid_align.errors import InvalidInputError


@dataclass(frozen=True)
class RepeatedBenchmark(Benchmark):
    """A benchmark with several divisions: queries from one view, gallery from the other.

    Attributes:
        split: the number, from 0, of the one division to use, which is the way to train: those
            who are not tested are the training persons. None gives the tests of all divisions, to
            average over, and no training images, since a person who is trained on in one division
            is tested in another.
    """

    split: int | None = None

    def divide(
        self,
        root: str,
        records: Sequence[ImageRecord],
        testsets: Sequence[AbstractSet[int]],
        query_camera: int,
    ) -> ReidDataset:
        """Build the dataset.

        Args:
            root: its folder.
            records: all images, sorted by path, of two cameras.
            testsets: the person ids that each division tests.
            query_camera: the camera of the queries; the other one is that of the gallery.

        Raises:
            InvalidInputError: there is no division of the number ``split``.
        """
        numbers = range(len(testsets))
        if self.split is not None and self.split not in numbers:
            raise InvalidInputError(
                f"{self.name}: split {self.split!r} does not exist. Choose from 0 to "
                f"{len(testsets) - 1}, or None for all."
            )
        chosen = numbers if self.split is None else (self.split,)
        splits = []
        for number in chosen:
            tested = [record for record in records if record.person_id in testsets[number]]
            query = tuple(record for record in tested if record.camera_id == query_camera)
            gallery = tuple(record for record in tested if record.camera_id != query_camera)
            splits.append(Split(f"{number:02d}", query, gallery))
        if self.split is None:
            return ReidDataset(self.name, root, (), tuple(splits), self.protocol)
        train = tuple(r for r in records if r.person_id not in testsets[self.split])
        return ReidDataset(self.name, root, train, tuple(splits), self.protocol)
