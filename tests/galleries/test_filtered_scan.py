"""Exact searches with a filter: right rows, ties, several fragments, and bytes read."""

import sys
from pathlib import Path

import numpy as np
import pytest
from stored_rows import DIGEST, naive_nearest, random_features

from reid_align import Gallery
from reid_align.features import Features

COUNT, PART = 900, 300


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    """900 rows of 9 cameras in three commits; row 450 and the rows of camera 5 are removed."""
    gallery = Gallery.open(tmp_path / "gallery")
    features = random_features(COUNT, 16)
    for start in range(0, COUNT, PART):
        rows = slice(start, start + PART)
        part = Features(features.values[rows], features.paths[rows], (), DIGEST)
        gallery.add(part, [{"camera": row % 9} for row in range(start, start + PART)])
    gallery.remove("camera = 5 OR path = 'p450'")
    return gallery


def expected(query: np.ndarray, k: int, keep: set[int]) -> list[tuple[str, float]]:
    rows = [row for row in range(COUNT) if row % 9 in keep and row % 9 != 5 and row != 450]
    return naive_nearest(random_features(COUNT, 16), query, k, rows)


@pytest.mark.parametrize(
    ("where", "keep"),
    [("camera = 3", {3}), ("camera IN (0, 5)", {0}), ("camera >= 0", set(range(9)))],
)
@pytest.mark.parametrize("compacted", [False, True])
def test_filtered_hits_are_those_of_a_naive_search(
    gallery: Gallery, where: str, keep: set[int], compacted: bool
) -> None:
    if compacted:
        gallery.compact(keep_days=0)
    queries = random_features(4, 16, seed=5).values
    answers = [gallery.search(queries[0], 7, where), *gallery.search(queries, 7, where)]
    for query, hits in zip([queries[0], *queries], answers, strict=True):
        found = expected(query, 7, keep)
        assert [hit.path for hit in hits] == [path for path, _ in found]
        np.testing.assert_allclose(
            [hit.distance for hit in hits], [distance for _, distance in found], atol=1e-6
        )
        assert {hit.metadata["camera"] for hit in hits} <= keep


def test_more_hits_than_matching_rows(gallery: Gallery) -> None:
    query = random_features(1, 16, seed=6).values[0]
    hits = gallery.search(query, 500, "camera = 3")
    assert [hit.path for hit in hits] == [path for path, _ in expected(query, 500, {3})]
    assert len(hits) == 100
    assert gallery.search(query, 5, "camera = 5") == []


def test_equal_rows_come_in_the_order_of_addition(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "equal")
    values = np.tile(random_features(1, 16).values, (40, 1))
    paths = tuple(f"same{row}" for row in range(40))
    gallery.add(Features(values, paths, (), DIGEST), [{"side": row % 2} for row in range(40)])
    hits = gallery.search(values[0] * 3, 5, "side = 1")
    assert [hit.path for hit in hits] == ["same1", "same3", "same5", "same7", "same9"]
    assert [hit.distance for hit in hits] == pytest.approx([0] * 5, abs=1e-7)


@pytest.mark.skipif(sys.platform != "linux", reason="the count of read bytes is Linux's")
def test_only_vectors_of_matching_rows_are_read(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "large")
    features = random_features(4000, 512)
    gallery.add(features, [{"camera": row // 40} for row in range(4000)])

    def bytes_read() -> int:
        lines = Path("/proc/self/io").read_text().splitlines()
        return int(lines[0].removeprefix("rchar: "))

    start = bytes_read()
    hits = gallery.search(features.values[:3], 10, "camera = 7")
    assert len(hits[0]) == 10
    assert bytes_read() - start < features.values.nbytes / 5
