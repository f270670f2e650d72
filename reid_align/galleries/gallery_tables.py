"""LanceDB table of a gallery: creation, and the changes that new rows need.

Two processes may make the same change at the same time. One of them fails, and continues with the
table as the other left it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from reid_align.errors import InvalidInputError
from reid_align.features import require_same_digest
from reid_align.galleries.commit_retries import commit
from reid_align.galleries.gallery_format import VECTOR, GalleryFormat, read_format
from reid_align.galleries.gallery_location import TABLE
from reid_align.galleries.metadata_columns import metadata_columns

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.table import Table


def open_table(database: Any) -> "Table | None":  # noqa: ANN401
    """Return the table, or None before the first row is added."""
    if TABLE not in database.list_tables().tables:
        return None
    table: Table = database.open_table(TABLE)
    return table


def create_table(database: Any, new: GalleryFormat) -> "Table":  # noqa: ANN401
    """Create the table, or return the one that another process has created."""
    try:
        table: Table = database.create_table(TABLE, schema=new.schema())
    except (ValueError, RuntimeError, OSError):
        found = open_table(database)
        if found is None:
            raise
        return found
    return table


def record_format(table: "Table", new: GalleryFormat, location: str) -> None:
    """Compare the format of a gallery with that of new rows, and record what was unknown.

    Raises:
        MixedFeaturesError: another digest.
        InvalidInputError: another D.
    """
    found = read_format(location, table.schema)
    if found.feature_dim != new.feature_dim:
        raise InvalidInputError(
            f"The gallery {location} has features of {found.feature_dim} dimensions, the new rows "
            f"have {new.feature_dim}. Use the same encoder."
        )
    require_same_digest(found.digest, new.digest, f"the gallery {location}", "the new feature set")
    known = replace(
        found,
        digest=found.digest or new.digest,
        description=found.description or new.description,
    )
    if known != found:
        update = {"path": VECTOR, "metadata": known.field_metadata()}
        commit(lambda: table.update_field_metadata(update))


def with_columns(table: "Table", rows: Sequence[Mapping[str, object]]) -> "dict[str, pa.Array]":
    """Add the columns that are missing, and return the values of new rows.

    Raises:
        InvalidInputError: a column has another type.
    """
    import pyarrow as pa

    columns = metadata_columns(rows, table.schema)
    missing = [name for name in columns if name not in table.schema.names]
    for name in missing:
        try:
            commit(partial(table.add_columns, pa.schema([pa.field(name, columns[name].type)])))
        except (ValueError, RuntimeError):
            if name not in table.schema.names:
                raise
    return metadata_columns(rows, table.schema) if missing else columns
