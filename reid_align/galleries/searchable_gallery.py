"""Reading of a stored gallery: nearest rows, and rows in order."""

from collections.abc import Iterator
from typing import overload

import numpy as np

from reid_align.checks import at_least_one
from reid_align.features import Features
from reid_align.galleries.gallery_format import read_format
from reid_align.galleries.gallery_query import QueryVectors, Vector, Vectors, nearest_stored
from reid_align.galleries.gallery_reading import (
    GalleryContents,
    GalleryRow,
    condition,
    read_contents,
    read_rows,
)
from reid_align.galleries.gallery_state import GalleryState
from reid_align.galleries.lance_errors import filtering, storing
from reid_align.retrieval.search_hits import Hit


class SearchableGallery(GalleryState):
    """Gallery that can be searched and read."""

    @overload
    def search(
        self, query: Vector, k: int = 10, where: str | None = None, *, approximate: bool = False
    ) -> list[Hit]: ...

    @overload
    def search(
        self,
        query: Features | Vectors,
        k: int = 10,
        where: str | None = None,
        *,
        approximate: bool = False,
    ) -> list[list[Hit]]: ...

    def search(
        self,
        query: Features | Vector | Vectors,
        k: int = 10,
        where: str | None = None,
        *,
        approximate: bool = False,
    ) -> list[Hit] | list[list[Hit]]:
        """Find the k nearest rows by cosine distance, 1 - cos in [0, 2].

        Args:
            query: one vector (D,), several (N, D), or `Features`. Only `Features` have a digest
                that is compared with the gallery's.
            k: number of hits; all rows of a smaller gallery.
            where: SQL filter on ``path`` and the metadata columns, such as ``"camera = 1"``. A
                comparison with null is not true; use ``"camera IS NULL"``.
            approximate: use the index of `build_index`, if there is one.

        Returns:
            For one vector its hits, nearest first; otherwise one such list per query. Empty only
            if the gallery is empty or no row matches the filter.

        Raises:
            MixedFeaturesError: the query has another digest than the gallery.
            UnknownNameError: the filter names an unknown column.
            InvalidInputError: another D, NaN, infinity, a zero vector, ``k`` below 1, or an
                invalid filter.
            OutputError: the gallery cannot be read.
        """
        at_least_one("k", k)
        vectors = QueryVectors.of(query)
        table = self._table()
        if table is None:
            return vectors.answer([[] for _ in vectors.values])
        found = read_format(self.location, table.schema)
        vectors.check(found, self.location)
        with storing(self.location, "read"), filtering(where, table.schema.names):
            hits = nearest_stored(
                table, vectors.values, k, condition(where), approximate=approximate
            )
        return vectors.answer(hits)

    def rows(self, where: str | None = None) -> Iterator[GalleryRow]:
        """Yield path and metadata of all rows, of those that match a filter if one is given.

        The rows come in the order in which they were added.
        """
        table = self._table()
        if table is None:
            return
        with storing(self.location, "read"), filtering(where, table.schema.names):
            yield from read_rows(table, condition(where))

    def load(self, where: str | None = None) -> GalleryContents:
        """Return all rows, or those that match a filter, with their features.

        Needs 4·D bytes of memory per row.
        """
        table = self._table()
        if table is None:
            return GalleryContents(Features(np.empty((0, 0), np.float32), ()), {})
        found = read_format(self.location, table.schema)
        with storing(self.location, "read"), filtering(where, table.schema.names):
            return read_contents(table, condition(where), found)
