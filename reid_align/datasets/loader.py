"""What a dataset has to state and to do, and the registry through which it is loaded by name."""

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import ClassVar, NamedTuple

from reid_align.datasets.base import ImageRecord, ReidDataset
from reid_align.datasets.files import absolute
from reid_align.datasets.layout import Layout, locate
from reid_align.errors import DatasetFormatError, InvalidInputError
from reid_align.registry import Registry

# The values that the options of a dataset may have.
Option = bool | int | str | None


@dataclass(frozen=True)
class DatasetLoader(ABC):
    """A dataset that can be loaded by name.

    Class attributes are what is known about it; fields are the options that a caller may set.

    Attributes:
        name: the name it is registered under.
        title: the name it is known by.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    @abstractmethod
    def load(self, root: str | os.PathLike[str]) -> ReidDataset:
        """Read the dataset at ``root``; see load_dataset for what it raises."""


class Count(NamedTuple):
    """How much one part of a published dataset holds."""

    part: str
    images: int
    persons: int


@dataclass(frozen=True)
class Benchmark(DatasetLoader):
    """A published dataset: a folder of a known layout that holds known numbers of images.

    Attributes:
        paper: who published it, and where.
        url: its page.
        terms: what its authors allow.
        layouts: what lies in its folder, in each of the forms that are in circulation.
        advice: where to get what may be missing from the folder.
        published: the counts, in the order in which ``read`` hands the parts to ``check``.
        protocol: the protocol of ``reid_align.metrics`` that it is evaluated with.
        check_counts: hold the counts against the published ones; False for a reduced copy.
    """

    paper: ClassVar[str]
    url: ClassVar[str]
    terms: ClassVar[str]
    layouts: ClassVar[tuple[Layout, ...]]
    advice: ClassVar[str] = ""
    published: ClassVar[tuple[Count, ...]]
    protocol: ClassVar[str]

    check_counts: bool = True

    def load(self, root: str | os.PathLike[str]) -> ReidDataset:
        """Find the layout, then read the dataset in that layout."""
        folder = absolute(root)
        return self.read(folder, locate(self.name, folder, self.layouts, self.advice))

    @abstractmethod
    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the dataset, given its folder and the paths of the entries of its layout."""

    def check(self, *parts: Collection[ImageRecord]) -> None:
        """Compare the counts of the parts with the published ones.

        Raises:
            DatasetFormatError: a count differs.
        """
        found = tuple(
            Count(count.part, len(records), len({record.person_id for record in records}))
            for count, records in zip(self.published, parts, strict=True)
        )
        if self.check_counts and found != self.published:
            raise DatasetFormatError(
                f"{self.name}: published are {_listed(self.published)}; found {_listed(found)}. "
                "Unpack the dataset again, or pass check_counts=False to use a reduced copy."
            )


DATASETS: Registry[type[DatasetLoader]] = Registry("dataset")


def register(loader: type[DatasetLoader]) -> type[DatasetLoader]:
    """Register a loader under its own name."""
    return DATASETS.register(loader.name)(loader)


def list_datasets() -> list[str]:
    """List the names that load_dataset knows, sorted."""
    return list(DATASETS)


def load_dataset(name: str, root: str | os.PathLike[str], **options: Option) -> ReidDataset:
    """Read a dataset from the disk; only names and lists are read, no image is opened.

    Args:
        name: one of list_datasets().
        root: the folder that directly holds the dataset's files; for "csv" the CSV file.
        options: the options of that dataset, which are the fields of its class.

    Raises:
        UnknownNameError: there is no dataset of that name.
        InvalidInputError: an option is unknown, missing or out of range.
        DatasetNotFoundError: the dataset is not at ``root``.
        DatasetFormatError: a file name, a list or a count is not what was published.
        MissingExtraError: reading this dataset needs a package that is not installed.
    """
    loader = DATASETS[name]
    known = {field.name: field.default is MISSING for field in fields(loader)}
    unknown = sorted(options.keys() - known.keys())
    missing = sorted(key for key, required in known.items() if required and key not in options)
    if unknown or missing:
        problem = f"no option {unknown[0]!r}" if unknown else f"to be given {missing[0]!r}"
        listed = ", ".join(sorted(known)) or "none"
        raise InvalidInputError(f"The dataset {name!r} has {problem}. Its options: {listed}.")
    return loader(**options).load(root)


def _listed(counts: tuple[Count, ...]) -> str:
    return ", ".join(f"{c.images:,} images of {c.persons:,} persons in {c.part}" for c in counts)
