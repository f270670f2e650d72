"""Registry of datasets, and the interface of a dataset loader."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from types import MappingProxyType
from typing import ClassVar

from reid_align.datasets.dataset_types import ReidDataset
from reid_align.errors import DatasetOptionError
from reid_align.registry import Registry

# Types of dataset options.
Option = bool | int | str | None


@dataclass(frozen=True)
class DatasetLoader(ABC):
    """A dataset that can be loaded by name; dataclass fields are its options.

    Attributes:
        name: registered name.
        title: display name.
        train_advice: how to get training images if there are none, for error messages.
        option_examples: example values of required options, for error messages.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    train_advice: ClassVar[str] = "Choose a dataset with training images."
    option_examples: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @abstractmethod
    def load(self, root: str | os.PathLike[str]) -> ReidDataset:
        """Read the dataset at ``root``; raises the errors of `load_dataset`."""


DATASETS: Registry[type[DatasetLoader]] = Registry("dataset")


def register(loader: type[DatasetLoader]) -> type[DatasetLoader]:
    """Register a loader under its ``name``."""
    return DATASETS.register(loader.name)(loader)


def list_datasets() -> list[str]:
    """List the names of all datasets, sorted."""
    return list(DATASETS)


def load_dataset(name: str, root: str | os.PathLike[str], **options: Option) -> ReidDataset:
    """Read a dataset's file names and lists; opens no image.

    Args:
        name: one of `list_datasets`.
        root: folder that directly contains the dataset's files; for "csv" the CSV file.
        options: options of the dataset, which are the fields of its class.

    Raises:
        UnknownNameError: unknown dataset.
        DatasetOptionError: an option is unknown, missing or out of range.
        DatasetNotFoundError: the dataset is not at ``root``.
        DatasetFormatError: a file name, list or count differs from the published dataset.
        MissingExtraError: a package that this dataset needs is not installed.
    """
    loader = DATASETS[name]
    known = {field.name: field.default is MISSING for field in fields(loader)}
    unknown = sorted(options.keys() - known.keys())
    missing = sorted(key for key, required in known.items() if required and key not in options)
    if unknown or missing:
        problem = f"has no option {unknown[0]!r}" if unknown else f"needs the option {missing[0]!r}"
        listed = ", ".join(sorted(known)) or "none"
        example = loader.option_examples.get(missing[0], "") if missing and not unknown else ""
        raise DatasetOptionError(
            f"The dataset {name!r} {problem}. Its options: {listed}."
            + (f" Example: {missing[0]}={example}." if example else "")
        )
    return loader(**options).load(root)


def training_advice(dataset: ReidDataset) -> str:
    """Return how to get training images for a dataset that has none."""
    if dataset.name in DATASETS:
        return DATASETS[dataset.name].train_advice
    return DatasetLoader.train_advice
