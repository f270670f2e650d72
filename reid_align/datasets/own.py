"""Images of one's own: what the CSV file and the folder have in common."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from reid_align.datasets.base import ImageRecord, ReidDataset, Split, contiguous_ids
from reid_align.datasets.files import shown
from reid_align.errors import DatasetFormatError

PARTS = ("train", "query", "gallery")
JUNK = "-1"


class Entry(NamedTuple):
    """One image as it was listed: ids are still text; None is a camera or part not stated."""

    path: str
    person: str
    camera: str | None
    part: str | None


def assemble(name: str, source: str, entries: Sequence[Entry]) -> ReidDataset:
    """Build a dataset from entries that either all state a part, or none does.

    Without parts every image is query and gallery at once: each is searched for among all the
    others. Person and camera ids are numbered in the sorted order of their texts. Images of the
    person "-1" are junk and left out. The protocol is "cross_camera" if the cameras are stated,
    else "all_images".

    Raises:
        DatasetFormatError: some entries state a camera and some do not; there is a query but no
            gallery, or the reverse; or nothing is left.
    """
    entries = sorted((e for e in entries if e.person != JUNK), key=lambda e: e.path)
    if not entries:
        raise DatasetFormatError(f"{name}: {shown(source)} has no image of a person. Add some.")
    known = [e.camera for e in entries if e.camera is not None]
    unknown = [e.path for e in entries if e.camera is None]
    if known and unknown:
        raise DatasetFormatError(
            f"{name}: {len(known):,} of {len(entries):,} images have a camera, "
            f"{shown(unknown[0])} has none. State the camera of every image, or of none."
        )
    persons, cameras = contiguous_ids(e.person for e in entries), contiguous_ids(known)

    def records(part: str | None) -> tuple[ImageRecord, ...]:
        return tuple(
            ImageRecord(e.path, persons[e.person], None if e.camera is None else cameras[e.camera])
            for e in entries
            if e.part == part
        )

    train, query, gallery, everything = map(records, (*PARTS, None))
    if bool(query) != bool(gallery):
        raise DatasetFormatError(
            f"{name}: {shown(source)} has {len(query):,} query and {len(gallery):,} gallery "
            "images. A test needs both; training alone needs neither."
        )
    tests = (("test", query, gallery), ("leave_one_out", everything, everything))
    splits = tuple(Split(*test) for test in tests if test[1])
    root = source if os.path.isdir(source) else os.path.dirname(source)
    return ReidDataset(name, root, train, splits, "cross_camera" if known else "all_images")
