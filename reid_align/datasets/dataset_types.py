"""Dataset types: an image record, an evaluation split, and a dataset."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from reid_align.errors import InvalidInputError

Value = TypeVar("Value", int, str, tuple[str, int])


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One image with its labels.

    Attributes:
        path: file path; bytes that are not UTF-8 are kept as surrogate escapes.
        person_id: 0 or more; -1 is junk, which evaluation ignores.
        camera_id: 0 or more; None if unknown.
        group_id: under a protocol with groups, a query is compared only with the gallery images
            of its group; None without groups.

    Raises:
        InvalidInputError: an id is out of range.
    """

    path: str
    person_id: int
    camera_id: int | None
    group_id: int | None = None

    def __post_init__(self) -> None:
        if self.person_id < -1 or (self.camera_id is not None and self.camera_id < 0):
            raise InvalidInputError(
                f"{self.path!r} has person_id {self.person_id} and camera_id {self.camera_id}: "
                "a person_id is -1 (junk) or more, a camera_id is 0 or more, or None."
            )


@dataclass(frozen=True)
class Split:
    """One test: the gallery is ranked for every query.

    A query may have no match in the gallery; the metric defines how it counts.

    Raises:
        InvalidInputError: there is no query or no gallery image.
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
    """A dataset; every list of images is sorted by path.

    Attributes:
        name: registered name.
        root: absolute path of its folder.
        train: training images; empty for test sets. Person ids of training and test images are
            unrelated: MSMT17 uses the same numbers for both.
        splits: tests, over which results are averaged; empty for training sets.
        protocol: evaluation protocol, a name in ``reid_align.metrics``.
        person_names: the dataset's own name of each person id; empty if the ids are its names.
        camera_names: the dataset's own name of each camera id; empty if the ids are its names.

    Raises:
        InvalidInputError: there are neither training images nor splits.
    """

    name: str
    root: str
    train: tuple[ImageRecord, ...]
    splits: tuple[Split, ...]
    protocol: str
    person_names: tuple[str, ...] = ()
    camera_names: tuple[str, ...] = ()

    def person_name(self, person_id: int) -> str:
        """Return the dataset's own name of a person id."""
        return self.person_names[person_id] if self.person_names else str(person_id)

    def camera_name(self, camera_id: int | None) -> str | None:
        """Return the dataset's own name of a camera id; None if the camera is unknown."""
        if camera_id is None:
            return None
        return self.camera_names[camera_id] if self.camera_names else str(camera_id)

    def __post_init__(self) -> None:
        if not self.train and not self.splits:
            raise InvalidInputError(
                f"The dataset {self.name!r} has neither training images nor splits: "
                "it needs at least one of the two."
            )


def contiguous_ids(values: Iterable[Value]) -> dict[Value, int]:
    """Map the distinct values to 0, 1, 2 … in sorted order."""
    return {value: number for number, value in enumerate(sorted(set(values)))}
