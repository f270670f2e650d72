"""The values that every dataset is read into: a record, a split, and the whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from reid_align.errors import InvalidInputError

Value = TypeVar("Value", int, str)


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One image of one person.

    Attributes:
        path: the file, joined with the dataset's root; bytes of a name that are not UTF-8 are kept
            as surrogate escapes, so that the path opens the file it came from.
        person_id: 0 or more; -1 is junk, which counts neither for nor against a query.
        camera_id: 0 or more, or None where the cameras are not known.

    Raises:
        InvalidInputError: an id is below its range.
    """

    path: str
    person_id: int
    camera_id: int | None

    def __post_init__(self) -> None:
        if self.person_id < -1 or (self.camera_id is not None and self.camera_id < 0):
            raise InvalidInputError(
                f"{self.path!r} has person_id {self.person_id} and camera_id {self.camera_id}: "
                "a person_id is -1 (junk) or more, a camera_id is 0 or more, or None."
            )


@dataclass(frozen=True)
class Split:
    """One test: every query is searched for in the gallery.

    A query whose person is not in the gallery is allowed; the metric decides what it counts.

    Raises:
        InvalidInputError: there is no query, or no gallery image.
    """

    name: str
    query: tuple[ImageRecord, ...]
    gallery: tuple[ImageRecord, ...]

    def __post_init__(self) -> None:
        if not self.query or not self.gallery:
            raise InvalidInputError(
                f"The split {self.name!r} has {len(self.query)} query and {len(self.gallery)} "
                "gallery images: it needs at least one of each."
            )


@dataclass(frozen=True)
class ReidDataset:
    """A dataset as it was read: every list of images is sorted by path.

    Attributes:
        name: the name it is registered under.
        root: the absolute path of its folder.
        train: the training images; empty if the dataset is for testing only. Their person ids
            have nothing to do with those of the splits: MSMT17 uses the same numbers for both.
        splits: the tests, whose results are averaged; empty if the images are for training only.
        protocol: the name of the protocol in ``reid_align.metrics`` that belongs to the dataset.

    Raises:
        InvalidInputError: there are neither training images nor splits.
    """

    name: str
    root: str
    train: tuple[ImageRecord, ...]
    splits: tuple[Split, ...]
    protocol: str

    def __post_init__(self) -> None:
        if not self.train and not self.splits:
            raise InvalidInputError(
                f"The dataset {self.name!r} has neither training images nor splits: "
                "it needs at least one of the two."
            )


def contiguous_ids(values: Iterable[Value]) -> dict[Value, int]:
    """Map the distinct values to 0, 1, 2 … in sorted order; no values give an empty map."""
    return {value: number for number, value in enumerate(sorted(set(values)))}
