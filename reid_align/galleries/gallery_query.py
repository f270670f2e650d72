"""Nearest rows of a stored gallery."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features import Features, require_same_digest
from reid_align.galleries.filtered_scan import QUERY_INDEX, ROW_ID, nearest_filtered
from reid_align.galleries.gallery_format import PATH, VECTOR, GalleryFormat
from reid_align.galleries.new_rows import check_norms
from reid_align.retrieval.nearest_rows import exact_distances
from reid_align.retrieval.search_hits import Hit

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.table import Table

# One vector, (D,), and several, (N, D). For type checkers, NDArray counts as one vector.
Vector: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float32]]
Vectors: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.float32]]

# Each scan answers this many queries, with fewer vectors of hits than this many values.
_QUERIES_AT_ONCE, _VALUES_AT_ONCE = 256, 2**24
# Of the index: partitions to search at first, and candidates per hit; the distances of candidates
# are computed with the stored vectors.
_PROBES, _CANDIDATES = 20, 5


@dataclass(frozen=True, eq=False)
class QueryVectors:
    """Vectors of a search.

    Attributes:
        values: (N, D) float32.
        single: whether the query was one vector.
        names: name of each vector.
        digest: digest of the features; "" if unknown.
    """

    values: NDArray[np.float32]
    single: bool
    names: Sequence[str]
    digest: str = ""

    @classmethod
    def of(cls, query: Features | Vector | Vectors) -> "QueryVectors":
        """Return the vectors of a query.

        Raises:
            InvalidInputError: not `Features`, (D,) or (N, D).
        """
        if isinstance(query, Features):
            return cls(np.asarray(query.values, np.float32), False, query.paths, query.digest)
        array = np.asarray(query)
        if array.ndim not in (1, 2) or array.dtype.kind not in "fiu":
            raise InvalidInputError(
                f"The query has shape {array.shape} and dtype {array.dtype}: give one vector (D,), "
                "several (N, D), or Features."
            )
        rows = np.atleast_2d(array).astype(np.float32)
        return cls(rows, array.ndim == 1, [f"query {index}" for index in range(len(rows))])

    def check(self, found: GalleryFormat, location: str) -> None:
        """Check the vectors against a gallery.

        Raises:
            MixedFeaturesError: another digest.
            InvalidInputError: another D, NaN, infinity, or a zero vector.
        """
        if self.values.shape[1] != found.feature_dim:
            raise InvalidInputError(
                f"The query has {self.values.shape[1]} dimensions, the gallery {location} has "
                f"{found.feature_dim}. Use the encoder of the gallery."
            )
        require_same_digest(found.digest, self.digest, f"the gallery {location}", "the query")
        check_norms(np.linalg.norm(self.values, axis=1), "query vectors", self.names)

    def answer(self, hits: list[list[Hit]]) -> list[Hit] | list[list[Hit]]:
        """Return the hits in the form of the query: of one vector a list of hits."""
        return hits[0] if self.single else hits


def nearest_stored(
    table: "Table",
    queries: NDArray[np.float32],
    k: int,
    condition: str | None,
    *,
    approximate: bool,
) -> list[list[Hit]]:
    """Return the k nearest rows of each query, nearest first; ties by ascending row.

    The rows are selected in float32; their distances are then computed in float64.
    """
    k = min(k, table.count_rows(condition))
    if not k:
        return [[] for _ in queries]
    step = min(_QUERIES_AT_ONCE, max(1, _VALUES_AT_ONCE // (k * queries.shape[1])))
    hits: list[list[Hit]] = []
    for start in range(0, len(queries), step):
        part = queries[start : start + step]
        hits.extend(_one_scan(table, part, k, condition, approximate=approximate))
    return hits


def _one_scan(
    table: "Table",
    queries: NDArray[np.float32],
    k: int,
    condition: str | None,
    *,
    approximate: bool,
) -> list[list[Hit]]:
    names = [name for name in table.schema.names if name not in (PATH, VECTOR)]
    columns = [PATH, VECTOR, *names]
    if condition is not None and not approximate:
        found = nearest_filtered(table, queries, k, condition, columns)
    else:
        found = _nearest_by_lance(table, queries, k, condition, columns, approximate=approximate)
    found = found.combine_chunks()
    values = found.column(VECTOR).combine_chunks().flatten().to_numpy()
    values = values.reshape(-1, queries.shape[1])
    rows = found.column(ROW_ID).to_numpy()
    query_of = found.column(QUERY_INDEX).to_numpy()
    paths = found.column(PATH).to_pylist()
    metadata = found.select(names).to_pylist() if names else [{} for _ in paths]
    hits = []
    for index, vector in enumerate(queries):
        mine = np.flatnonzero(query_of == index)
        distances = exact_distances(vector.astype(np.float64), values[mine], "cosine")
        order = np.lexsort((rows[mine], distances))
        hits.append(
            [
                Hit(paths[i], float(d), metadata[i])
                for i, d in zip(mine[order], distances[order], strict=True)
            ]
        )
    return hits


def _nearest_by_lance(
    table: "Table",
    queries: NDArray[np.float32],
    k: int,
    condition: str | None,
    columns: Sequence[str],
    *,
    approximate: bool,
) -> "pa.Table":
    """Return the k nearest rows of each query, as LanceDB selects them."""
    import pyarrow as pa

    # A list of one vector would be answered without a query index.
    vectors = queries[0] if len(queries) == 1 else list(queries)
    query: Any = table.search(vectors, vector_column_name=VECTOR, query_type="vector")
    query = query.distance_type("cosine").limit(k).with_row_id(True)
    query = query.select([*columns, "_distance"])
    if condition is not None:
        query = query.where(condition)
    if approximate:
        # Without a maximum, more partitions are searched until there are k rows.
        query = query.minimum_nprobes(_PROBES).maximum_nprobes(0).refine_factor(_CANDIDATES)
    else:
        query = query.bypass_vector_index()
    found = query.to_arrow()
    if len(queries) > 1:
        return found
    return found.append_column(QUERY_INDEX, pa.array(np.zeros(len(found), np.int64)))
