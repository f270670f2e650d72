"""Use of the metadata in a search: groups to leave out, and camera normalization."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features.camera_normalization import normalize_by_camera
from reid_align.retrieval.gallery_features import GalleryFeatures
from reid_align.retrieval.left_out_rows import Groups
from reid_align.retrieval.metadata_table import column
from reid_align.retrieval.query_images import QueryImages
from reid_align.retrieval.row_blocks import Values
from reid_align.retrieval.search_options import SharedColumn


def shared_groups(queries: QueryImages, gallery: GalleryFeatures, name: SharedColumn) -> Groups:
    """Number the values of a column; -1 where unknown.

    Raises:
        InvalidInputError: there is no such column, or the value of a query is unknown.
    """
    theirs = column(gallery.columns, name)
    ours = column(queries.columns, name)
    _require_known(queries, ours, name)
    number: dict[str | None, int] = {None: -1}
    for value in (*theirs, *ours):
        number.setdefault(value, len(number))
    return Groups(*(np.array([number[value] for value in side]) for side in (ours, theirs)))


def _require_known(queries: QueryImages, values: Sequence[str | None], name: str) -> None:
    unknown = [
        image.path for image, value in zip(queries.files, values, strict=True) if value is None
    ]
    if unknown:
        raise InvalidInputError(
            f"The {name} of {len(unknown)} of {len(values)} queries is unknown (first: "
            f"{unknown[0]}). List the queries in the metadata with their {name}."
        )


def whitened_by_camera(queries: QueryImages, gallery: GalleryFeatures) -> tuple[Values, Values]:
    """Whiten queries and gallery together, camera by camera; each file counts once."""
    theirs, ours = column(gallery.columns, "camera"), column(queries.columns, "camera")
    _require_known(queries, ours, "camera")
    unknown = sum(value is None for value in theirs)
    if unknown:
        raise InvalidInputError(
            f"Camera normalization needs the camera of each image; it is unknown for {unknown} of "
            f"{len(theirs)} gallery images."
        )
    groups = shared_groups(queries, gallery, "camera")
    count = len(theirs)
    own = dict(queries.own_rows[::-1].tolist())
    new = [index for index in range(len(ours)) if index not in own]
    values = np.concatenate(
        [gallery.features.values, queries.features.values[new]], dtype=np.float32
    )
    cameras: NDArray[np.int64] = np.concatenate([groups.gallery, groups.query[new]])
    whitened = normalize_by_camera(values, cameras)
    place = {index: count + position for position, index in enumerate(new)}
    rows = [own.get(index, place.get(index, 0)) for index in range(len(ours))]
    return whitened[rows], whitened[:count]
