"""Base class of benchmarks with several train/test splits."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from reid_align.datasets.benchmark import Benchmark
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split
from reid_align.errors import InvalidInputError


@dataclass(frozen=True)
class RepeatedSplitsBenchmark(Benchmark):
    """A benchmark with several splits: queries from one view, gallery from the other.

    Attributes:
        split: number of the split to use, from 0; identities outside its test set are training
            identities. None gives the tests of all splits and no training images, because a
            training identity of one split is a test identity of another.
    """

    train_advice = "Choose one split with the option split, for example split=0."

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
            root: folder of the dataset.
            records: all images, sorted by path, of two cameras.
            testsets: test identities of each split.
            query_camera: camera of the queries; the gallery is from the other one.

        Raises:
            InvalidInputError: ``split`` does not exist.
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
