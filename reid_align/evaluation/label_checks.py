"""Checks of a dataset's labels before any features are computed."""

from collections import defaultdict
from collections.abc import Iterator

from reid_align.datasets import ImageRecord, ReidDataset, Split
from reid_align.errors import DatasetFormatError, InvalidInputError
from reid_align.metrics import PROTOCOLS, Protocol


def check_labels(dataset: ReidDataset) -> None:
    """Check that each split can be evaluated under the protocol of the dataset.

    Raises:
        DatasetFormatError: only some images of a split have a camera id.
        InvalidInputError: the protocol needs camera ids and there are none, a split has a single
            identity, or no query of a split has a match in the gallery.
    """
    protocol = PROTOCOLS[dataset.protocol]
    for split in dataset.splits:
        if not check_cameras(split) and protocol.drop_same_camera:
            raise InvalidInputError(
                f"{dataset.name} at {dataset.root}: the protocol {protocol.name!r} needs camera "
                "ids, but the images have none. Add the camera ids to the dataset."
            )
        if not any(_matches(split, protocol)):
            raise InvalidInputError(no_match(protocol, f"{dataset.name}, split {split.name!r}: "))
    for split in dataset.splits:
        identities = {record.person_id for record in (*split.query, *split.gallery)}
        if len({person for person in identities if person >= 0}) == 1:
            raise InvalidInputError(
                f"{dataset.name} at {dataset.root}, split {split.name!r}: all images show one "
                "identity, so every answer would be right. Add images of other identities."
            )


def check_cameras(split: Split) -> bool:
    """Return whether the images, without junk, have camera ids.

    Raises:
        DatasetFormatError: some images have a camera id and some do not.
    """
    gallery = (record for record in split.gallery if record.person_id >= 0)
    has_camera = {record.camera_id is not None for record in (*split.query, *gallery)}
    if len(has_camera) > 1:
        raise DatasetFormatError(
            f"Split {split.name!r}: some images have a camera id and some do not. Give a camera id "
            "to all images or to none."
        )
    return has_camera != {False}


def no_match(protocol: Protocol, prefix: str = "") -> str:
    """Return the error message of a split without a valid query."""
    cameras = ", or only in images from the query's own camera" if protocol.drop_same_camera else ""
    return (
        f"{prefix}No query has a match under the protocol {protocol.name!r}: no identity of a "
        f"query is in the gallery{cameras}. Check the identities and cameras of the dataset."
    )


def _matches(split: Split, protocol: Protocol) -> Iterator[bool]:
    """Yield for each query whether it has a genuine gallery image under the protocol."""
    gallery: dict[int, list[ImageRecord]] = defaultdict(list)
    for record in split.gallery:
        gallery[record.person_id].append(record)
    for query in split.query:
        yield query.person_id >= 0 and any(
            record.path != query.path
            and not (protocol.drop_same_camera and record.camera_id == query.camera_id)
            and not (protocol.within_group and record.group_id != query.group_id)
            for record in gallery[query.person_id]
        )
