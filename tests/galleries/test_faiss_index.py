"""FAISS index: its recall, hits and refusals."""

import sys

import numpy as np
import pytest
from stored_rows import DIGEST, naive_nearest, random_features

from reid_align.errors import InvalidInputError, MissingExtraError, MixedFeaturesError
from reid_align.galleries import FaissIndex
from reid_align.galleries.faiss_index import IndexKind

FEATURES = random_features(1500, 16)


@pytest.mark.parametrize("kind", ["ivf", "hnsw"])
def test_hits_and_recall(kind: IndexKind) -> None:
    metadata = [{"row": row} for row in range(1500)]
    index = FaissIndex(FEATURES, metadata, kind=kind)
    queries = random_features(20, 16, seed=4)
    answers = index.search(queries, k=10)
    shares = []
    for query, hits in zip(queries.values, answers, strict=True):
        distance_of = dict(naive_nearest(FEATURES, query, 1500))
        assert [hit.distance for hit in hits] == sorted(hit.distance for hit in hits)
        for hit in hits:
            assert hit.distance == pytest.approx(distance_of[hit.path], abs=1e-6)
            assert hit.path == f"p{hit.row}"
            assert hit.metadata == {"row": hit.row}
        shares.append(len({hit.path for hit in hits} & set(list(distance_of)[:10])) / 10)
    assert len(index) == 1500
    assert 0.6 < index.recall <= 1
    assert np.mean(shares) == pytest.approx(index.recall, abs=0.15)


def test_all_clusters_find_all_rows() -> None:
    index = FaissIndex(FEATURES, probes=10**6)
    assert index.recall > 0.99
    query = random_features(1, 16, seed=4).values[0]
    expected = naive_nearest(FEATURES, query, 1500)
    assert [hit.path for hit in index.search(query, k=5)] == [path for path, _ in expected[:5]]
    assert len(index.search(query, k=5000)) == 1500


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    index = FaissIndex(FEATURES)
    other = random_features(1, 16, digest=DIGEST.replace("aaaa", "cccc"))
    with pytest.raises(MixedFeaturesError, match="the FAISS index"):
        index.search(other)
    with pytest.raises(InvalidInputError, match="5 dimensions"):
        index.search(np.ones(5, np.float32))
    with pytest.raises(InvalidInputError, match="at least 1"):
        index.search(FEATURES, k=0)
    with pytest.raises(InvalidInputError, match="at least 1,000"):
        FaissIndex(random_features(999))
    with pytest.raises(InvalidInputError, match="choose one of ivf, hnsw"):
        FaissIndex(FEATURES, kind="flat")
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtraError, match=r"pip install faiss-cpu .*\[faiss\]"):
        FaissIndex(FEATURES)
