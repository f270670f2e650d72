"""Rows to add to a gallery: checks, and conversion to an Arrow table."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features import Features
from reid_align.galleries.gallery_format import PATH, VECTOR
from reid_align.retrieval.row_blocks import row_blocks

if TYPE_CHECKING:
    import pyarrow as pa


def check_new_rows(
    features: Features, metadata: Sequence[Mapping[str, object]]
) -> NDArray[np.float32]:
    """Check new rows and return their features, (N, D) float32 and contiguous.

    Raises:
        InvalidInputError: NaN, infinity or a zero vector, an unusable path, or another number of
            metadata entries.
    """
    if len(metadata) != len(features.paths):
        raise InvalidInputError(
            f"{len(metadata)} metadata entries for {len(features.paths)} rows: give one dict per "
            "row."
        )
    for path in features.paths:
        try:
            path.encode()
        except UnicodeEncodeError as error:
            raise InvalidInputError(
                f"The path {path!r} is not UTF-8 and cannot be stored. Rename the file."
            ) from error
    values = features.values
    if len(values) and values.shape[1]:
        for start, _, norms in row_blocks(values):
            check_norms(norms, "new rows", [features.paths[start + i] for i in range(len(norms))])
    return np.ascontiguousarray(values, np.float32)


def check_norms(norms: NDArray[np.float32], kind: str, names: Sequence[str]) -> None:
    """Refuse vectors that are not finite, and zero vectors, which have no cosine distance.

    Args:
        norms: (N,) the norm of each vector.
        kind: what the vectors are, for the message.
        names: name of each vector, for the message.

    Raises:
        InvalidInputError: a vector is not finite or zero.
    """
    for bad, problem in ((~np.isfinite(norms), "NaN or infinity"), (norms == 0, "only zeros")):
        rows = np.flatnonzero(bad)
        if rows.size:
            raise InvalidInputError(
                f"{rows.size} of the {kind} contain {problem} (first: {names[rows[0]]}). Leave "
                "them out, or extract them again."
            )


def row_table(
    values: NDArray[np.float32],
    paths: Sequence[str],
    columns: "Mapping[str, pa.Array]",
    schema: "pa.Schema",
) -> "pa.Table":
    """Return rows as an Arrow table with all columns of the gallery; missing ones are null."""
    import pyarrow as pa

    count, feature_dim = values.shape
    arrays: dict[str, pa.Array] = {
        **columns,
        PATH: pa.array(paths, pa.string()),
        VECTOR: pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), feature_dim),
    }
    filled = [arrays.get(f.name) for f in schema]
    complete = [
        pa.nulls(count, field.type) if array is None else array
        for field, array in zip(schema, filled, strict=True)
    ]
    return pa.Table.from_arrays(complete, schema=schema)
