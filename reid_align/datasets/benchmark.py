"""Base class of published benchmarks: layout on disk and published counts."""

import os
from abc import abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from reid_align.datasets.dataset_files import absolute
from reid_align.datasets.dataset_registry import DatasetLoader
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset
from reid_align.datasets.folder_layout import Layout, find_layout
from reid_align.errors import DatasetFormatError


class PublishedCount(NamedTuple):
    """Numbers of images and identities in one part of a published dataset."""

    part: str
    images: int
    identities: int


@dataclass(frozen=True)
class Benchmark(DatasetLoader):
    """A published dataset with a known layout and known counts.

    Attributes:
        paper: publication of the dataset.
        url: project page.
        terms: license terms.
        layouts: entries of the dataset's folder, for each layout in circulation.
        advice: where to get missing entries.
        published: published counts, in the order in which ``read`` passes the parts to ``check``.
        protocol: evaluation protocol, a name in ``reid_align.metrics``.
        check_counts: whether to compare counts with the published ones; False for a reduced copy.
    """

    paper: ClassVar[str]
    url: ClassVar[str]
    terms: ClassVar[str]
    layouts: ClassVar[tuple[Layout, ...]]
    advice: ClassVar[str] = ""
    published: ClassVar[tuple[PublishedCount, ...]]
    protocol: ClassVar[str]

    check_counts: bool = True

    def load(self, root: str | os.PathLike[str]) -> ReidDataset:
        """Find the layout and read the dataset."""
        folder = absolute(root)
        return self.read(folder, find_layout(self.name, folder, self.layouts, self.advice))

    @abstractmethod
    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the dataset from its folder and the paths of its layout's entries."""

    def check(self, *parts: Collection[ImageRecord]) -> None:
        """Compare the counts of the parts with the published ones.

        Raises:
            DatasetFormatError: a count differs.
        """
        found = tuple(
            PublishedCount(count.part, len(records), len({record.person_id for record in records}))
            for count, records in zip(self.published, parts, strict=True)
        )
        if self.check_counts and found != self.published:
            raise DatasetFormatError(
                f"{self.name}: published are {_listed(self.published)}; found {_listed(found)}. "
                "Unpack the dataset again, or pass check_counts=False to use a reduced copy."
            )


def _listed(counts: tuple[PublishedCount, ...]) -> str:
    return ", ".join(
        f"{c.images:,} images of {c.identities:,} identities in {c.part}" for c in counts
    )
