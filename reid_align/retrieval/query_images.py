"""Features, files and metadata of the queries of a search."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features import Features, require_same_digest
from reid_align.retrieval.gallery_features import GalleryFeatures
from reid_align.retrieval.image_files import IN_MEMORY, ImageFile, resolve_files
from reid_align.retrieval.metadata_table import Columns, MetadataTable, join_columns


@dataclass(frozen=True, eq=False)
class QueryImages:
    """Queries of a search.

    Attributes:
        features: features and names.
        files: file of each query; the key is None for an image in memory.
        columns: metadata; None where unknown.
        own_rows: (P, 2) int64, pairs of a query and a gallery row of the same file.
    """

    features: Features
    files: Sequence[ImageFile]
    columns: Columns
    own_rows: NDArray[np.int64]


def query_images(
    features: Features,
    gallery: GalleryFeatures,
    *,
    root: str | None = None,
    table: MetadataTable | None = None,
) -> QueryImages:
    """Find files, own gallery rows and metadata of queries.

    A query that is also a gallery image has the gallery image's metadata. A metadata table that
    lists the query has priority.

    Raises:
        InvalidInputError: there is no query, or the features are of another encoder or length.
    """
    if not len(features.values):
        failed = f" ({len(features.failed)} could not be read)" * bool(features.failed)
        raise InvalidInputError(f"There is no usable query image{failed}. Give at least one.")
    require_same_digest(gallery.features.digest, features.digest, "the gallery", "the queries")
    files = resolve_files(features.paths, root)
    rows_of: dict[object, list[int]] = {_identity(image): [] for image in files}
    rows_of.pop(None, None)
    for row, image in enumerate(gallery.files):
        identity = _identity(image)
        if identity in rows_of:
            rows_of[identity].append(row)
    own = [rows_of.get(_identity(image), []) for image in files]
    pairs = [(index, row) for index, rows in enumerate(own) for row in rows]
    columns: Columns = {
        name: tuple(values[rows[0]] if rows else None for rows in own)
        for name, values in gallery.columns.items()
    }
    if table is not None:
        columns = join_columns(columns, table.columns_of(files))
    own_rows = np.array(pairs, np.int64).reshape(-1, 2)
    return QueryImages(features, files, columns, own_rows)


def _identity(image: ImageFile) -> object:
    """Return the key of the file, the absolute path of a missing file, or None in memory."""
    if image.key is None and IN_MEMORY.fullmatch(image.path):
        return None
    return image.key or os.path.abspath(image.file)
