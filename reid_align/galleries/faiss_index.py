"""Approximate search in memory with FAISS, with its recall measured against exact search."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Literal, get_args, overload

import numpy as np
from numpy.typing import NDArray

from reid_align.checks import at_least_one, one_of
from reid_align.errors import InvalidInputError, MissingExtraError
from reid_align.features import Features
from reid_align.galleries.gallery_format import GalleryFormat
from reid_align.galleries.gallery_query import QueryVectors, Vector, Vectors
from reid_align.galleries.new_rows import check_new_rows
from reid_align.retrieval.nearest_rows import exact_distances, nearest_rows
from reid_align.retrieval.row_blocks import row_blocks
from reid_align.retrieval.search_hits import Hit

IndexKind = Literal["ivf", "hnsw"]
_NAME = "the FAISS index"
_CANDIDATES = 5
_HNSW_NEIGHBORS, _HNSW_BUILD, _HNSW_SEARCH = 32, 80, 128
_MIN_ROWS = 1000
_RECALL_QUERIES, _RECALL_K = 200, 10


class FaissIndex:
    """Index of features for approximate search by cosine distance.

    FAISS selects 5·k candidates; their distances are computed exactly from the features, which may
    be memory-mapped.

    Args:
        features: at least 1,000 rows, finite, without zero vectors. Kept, not copied.
        metadata: one mapping per row; the hits contain it.
        kind: "ivf", an inverted file of 8-bit vectors (D bytes per row); or "hnsw", a graph
            (4·D bytes per row), which takes longer to build and less time per query.
        probes: clusters of "ivf" to search; default: a tenth of them, at least 8.

    Attributes:
        recall: share of the 10 exact nearest rows that the index finds, measured when it is built,
            with up to 200 of the rows as queries, without the rows themselves.

    Raises:
        MissingExtraError: FAISS is not installed.
        InvalidInputError: too few rows, an unknown kind, unusable features, or another number of
            metadata entries.
    """

    def __init__(
        self,
        features: Features,
        metadata: Sequence[Mapping[str, object]] | None = None,
        *,
        kind: IndexKind = "ivf",
        probes: int | None = None,
    ) -> None:
        faiss = _import_faiss()
        one_of("kind", kind, get_args(IndexKind))
        count = len(features.paths)
        self._metadata = [{}] * count if metadata is None else metadata
        self._values = check_new_rows(features, self._metadata)
        if count < _MIN_ROWS:
            raise InvalidInputError(
                f"{count:,} rows: an index needs at least {_MIN_ROWS:,}. Use the exact search."
            )
        self._paths = features.paths
        self._format = GalleryFormat(self._values.shape[1], features.digest, {})
        self._index = _build(faiss, self._values, kind, probes)
        self.recall = self._measure_recall()

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def search(self, query: Vector, k: int = 10) -> list[Hit]: ...

    @overload
    def search(self, query: Features | Vectors, k: int = 10) -> list[list[Hit]]: ...

    def search(
        self, query: Features | Vector | Vectors, k: int = 10
    ) -> list[Hit] | list[list[Hit]]:
        """Find about the k nearest rows; see `Gallery.search`.

        Raises:
            MixedFeaturesError: the query has another digest than the features.
            InvalidInputError: another D, NaN, infinity, a zero vector, or ``k`` below 1.
        """
        at_least_one("k", k)
        vectors = QueryVectors.of(query)
        vectors.check(self._format, _NAME)
        hits = [
            [Hit(self._paths[row], distance, self._metadata[row], row) for row, distance in found]
            for found in self._nearest(vectors.values, k)
        ]
        return vectors.answer(hits)

    def _nearest(self, queries: NDArray[np.float32], k: int) -> list[list[tuple[int, float]]]:
        """Return row and distance of the k nearest candidates of each query."""
        count = min(k, len(self))
        unit = queries / np.linalg.norm(queries, axis=1, keepdims=True)
        _, candidates = self._index.search(unit, min(len(self), _CANDIDATES * count))
        answers = []
        for query, near in zip(queries, candidates, strict=True):
            rows = near[near >= 0]
            distances = exact_distances(query.astype(np.float64), self._values[rows], "cosine")
            order = np.lexsort((rows, distances))[:count]
            answers.append([(int(rows[i]), float(distances[i])) for i in order])
        return answers

    def _measure_recall(self) -> float:
        step = -(-len(self) // _RECALL_QUERIES)
        own = np.arange(0, len(self), step)
        queries = self._values[own]
        exact = nearest_rows(queries, self._values, _RECALL_K + 1).rows
        found = self._nearest(queries, _RECALL_K + 1)
        shares = [
            len({row for row, _ in near} & set(truth[truth != row_of][:_RECALL_K].tolist()))
            for near, truth, row_of in zip(found, exact, own, strict=True)
        ]
        return sum(shares) / (_RECALL_K * len(own))


def _build(
    faiss: ModuleType, values: NDArray[np.float32], kind: IndexKind, probes: int | None
) -> Any:  # noqa: ANN401
    count, feature_dim = values.shape
    metric = faiss.METRIC_INNER_PRODUCT
    if kind == "hnsw":
        index = faiss.IndexHNSWFlat(feature_dim, _HNSW_NEIGHBORS, metric)
        index.hnsw.efConstruction, index.hnsw.efSearch = _HNSW_BUILD, _HNSW_SEARCH
    else:
        clusters = round(count**0.5)
        index = faiss.index_factory(feature_dim, f"IVF{clusters},SQ8", metric)
        # FAISS warns below 39 training vectors per cluster.
        sample = np.linspace(0, count - 1, min(count, 64 * clusters)).astype(np.int64)
        training = values[sample]
        index.cp.min_points_per_centroid = 1
        index.train(training / np.linalg.norm(training, axis=1, keepdims=True))
        index.nprobe = probes or max(8, clusters // 10)
    for _, block, norms in row_blocks(values):
        index.add(block / norms[:, None])
    return index


def _import_faiss() -> ModuleType:
    try:
        import faiss
    except ImportError as error:
        raise MissingExtraError("faiss-cpu", "faiss", "A FAISS index") from error
    module: ModuleType = faiss
    return module
