"""Common part of custom CSV and folder datasets: from listed images to a dataset."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from reid_align.datasets.dataset_files import shown
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split, contiguous_ids
from reid_align.errors import DatasetFormatError

PARTS = ("train", "query", "gallery")
JUNK = "-1"


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
    cameras are known, else "all_images".

    Raises:
        DatasetFormatError: only some images have a camera, only one of query and gallery has
            images, or no image is left.
    """
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
    return ReidDataset(name, root, train, splits, "cross_camera" if known else "all_images")
