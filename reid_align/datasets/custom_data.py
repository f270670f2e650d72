"""Common part of custom CSV and folder datasets: from listed images to a dataset."""

import os
from collections.abc import Sequence
from typing import NamedTuple
from warnings import warn

from reid_align.datasets.custom_ids import JUNK, check_ids
from reid_align.datasets.dataset_files import shown
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split, contiguous_ids
from reid_align.errors import DatasetFormatError, DatasetWarning
from reid_align.images.same_files import count_copies, file_keys

PARTS = ("train", "query", "gallery")


class ListedImage(NamedTuple):
    """An image as listed: ids are text; an unknown camera or part is None."""

    path: str
    person: str
    camera: str | None
    part: str | None


def assemble(name: str, source: str, images: Sequence[ListedImage]) -> ReidDataset:
    """Build a dataset from images that either all have a part, or none has.

    Without parts every image is both query and gallery. Person and camera ids are numbered in the
    sorted order of their texts. Junk (person "-1") is left out. The protocol is "cross_camera" if
    cameras are known, else "all_images". Paths of the same file (links, spellings) become one path,
    which makes evaluation leave a query's own file out of its gallery.

    Warns:
        DatasetWarning: test images have copies, or test identities are also training identities.

    Raises:
        DatasetFormatError: ambiguous ids, a file with two identities or cameras or twice in a part,
            only some images with a camera, only one of query and gallery, or no image left.
    """
    for column in ("person_id", "camera_id"):
        field = column.removesuffix("_id")
        check_ids(name, column, [(getattr(image, field), image.path) for image in images])
    images = _merge_same_files(name, sorted(images, key=lambda i: i.path))
    images = sorted((i for i in images if i.person != JUNK), key=lambda i: i.path)
    if not images:
        raise DatasetFormatError(
            f"{name}: {shown(source)} has no image with an identity. Add images."
        )
    known = [i.camera for i in images if i.camera is not None]
    unknown = [i.path for i in images if i.camera is None]
    if known and unknown:
        raise DatasetFormatError(
            f"{name}: {len(known):,} of {len(images):,} images have a camera_id, but "
            f"{shown(unknown[0])} has none. Give a camera_id to all images or to none."
        )
    person_ids, camera_ids = contiguous_ids(i.person for i in images), contiguous_ids(known)

    def records(part: str | None) -> tuple[ImageRecord, ...]:
        return tuple(
            ImageRecord(
                i.path, person_ids[i.person], None if i.camera is None else camera_ids[i.camera]
            )
            for i in images
            if i.part == part
        )

    train, query, gallery, unassigned = map(records, (*PARTS, None))
    if bool(query) != bool(gallery):
        raise DatasetFormatError(
            f"{name}: {shown(source)} has {len(query):,} query and {len(gallery):,} gallery "
            "images. A test needs both; training alone needs neither."
        )
    tests = (("test", query, gallery), ("leave_one_out", unassigned, unassigned))
    splits = tuple(Split(*test) for test in tests if test[1])
    root = source if os.path.isdir(source) else os.path.dirname(source)
    dataset = ReidDataset(
        name,
        root,
        train,
        splits,
        "cross_camera" if known else "all_images",
        tuple(person_ids),
        tuple(camera_ids),
    )
    _warn_of_overlaps(dataset, source)
    return dataset


def _merge_same_files(name: str, images: Sequence[ListedImage]) -> list[ListedImage]:
    """Give images of the same file the path that is listed first.

    Raises:
        DatasetFormatError: a file with two identities or cameras, or twice in one part.
    """
    first: dict[object, ListedImage] = {}
    parts: dict[tuple[object, str | None], str] = {}
    merged = []
    for image, key in zip(images, file_keys([i.path for i in images]), strict=True):
        other = first.setdefault(key, image)
        for label, one, two in (
            ("person_id", other.person, image.person),
            ("camera_id", other.camera, image.camera),
        ):
            if one != two:
                raise DatasetFormatError(
                    f"{name}: {shown(other.path)} with {label} {one} and {shown(image.path)} with "
                    f"{label} {two} are the same file. Give it one {label}, or remove one of them."
                )
        if (key, image.part) in parts:
            place = "" if image.part is None else f" of {image.part}"
            raise DatasetFormatError(
                f"{name}: the images {shown(parts[key, image.part])} and {shown(image.path)}"
                f"{place} are the same file: keep one."
            )
        parts[key, image.part] = image.path
        merged.append(image._replace(path=other.path))
    return merged


def _warn_of_overlaps(dataset: ReidDataset, source: str) -> None:
    tested = [record for split in dataset.splits for record in (*split.query, *split.gallery)]
    test_ids = {record.person_id for record in tested}
    if both := len(test_ids & {record.person_id for record in dataset.train}):
        warn(
            f"{dataset.name}: {both:,} of {len(test_ids):,} test identities in {shown(source)} are "
            "also training identities, which makes the scores too high. Use different identities.",
            DatasetWarning,
            stacklevel=2,
        )
    paths = {record.path for record in tested}
    if copies := count_copies(paths):
        warn(
            f"{dataset.name}: {copies.number:,} byte-equal copies among the {len(paths):,} test "
            f"images in {shown(source)} (first: {shown(copies.first)} and {shown(copies.second)}) "
            "make the scores too high. Remove the copies.",
            DatasetWarning,
            stacklevel=2,
        )
