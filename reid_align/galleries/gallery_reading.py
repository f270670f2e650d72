"""Rows of a stored gallery, read in order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reid_align.features import Features
from reid_align.galleries.gallery_format import PATH, VECTOR, GalleryFormat

if TYPE_CHECKING:
    from lancedb.table import Table


@dataclass(frozen=True)
class GalleryRow:
    """A row of a gallery: path and metadata; None where a value is missing."""

    path: str
    metadata: Mapping[str, object]


@dataclass(frozen=True, eq=False)
class GalleryContents:
    """Rows of a gallery in memory: features with paths, and the values of each metadata column."""

    features: Features
    columns: Mapping[str, tuple[object, ...]]


def condition(where: str | None) -> str | None:
    """Return the filter to give to LanceDB."""
    return None if where is None else in_parentheses(where)


def in_parentheses(where: str) -> str:
    """Return a filter in parentheses, so that all of it is parsed.

    Otherwise the parser ignores text after a complete condition, as in ``camera = 1; …``.
    """
    return f"({where}\n)"


def read_rows(table: "Table", filtered: str | None) -> Iterator[GalleryRow]:
    """Yield path and metadata of the rows."""
    names = [name for name in table.schema.names if name != VECTOR]
    for batch in _query(table, filtered).select(names).to_batches():
        for row in batch.select(names).to_pylist():
            yield GalleryRow(row.pop(PATH), row)


def read_contents(table: "Table", filtered: str | None, found: GalleryFormat) -> GalleryContents:
    """Return the rows with their features."""
    names = [name for name in table.schema.names if name != VECTOR]
    values = np.empty((table.count_rows(filtered), found.feature_dim), np.float32)
    count = 0
    columns: dict[str, list[object]] = {name: [] for name in names}
    for batch in _query(table, filtered).to_batches():
        block = batch.column(VECTOR).flatten().to_numpy().reshape(-1, found.feature_dim)
        if count + len(block) > len(values):
            # Another process has added rows in the meantime.
            values = np.concatenate([values[:count], block])
        values[count : count + len(block)] = block
        count += len(block)
        for name in names:
            columns[name].extend(batch.column(name).to_pylist())
    paths = tuple(str(path) for path in columns.pop(PATH))
    features = Features(values[:count], paths, (), found.digest)
    return GalleryContents(features, {name: tuple(values) for name, values in columns.items()})


def _query(table: "Table", filtered: str | None) -> Any:  # noqa: ANN401
    query = table.search()
    return query if filtered is None else query.where(filtered)
