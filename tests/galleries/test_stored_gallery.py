"""Stored gallery: contents, search, filters, refusals."""

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa
import pytest
from stored_rows import DIGEST, naive_nearest, random_features

from reid_align import Gallery
from reid_align.errors import (
    InvalidInputError,
    MissingExtraError,
    MixedFeaturesError,
    OutputError,
    UnknownNameError,
)
from reid_align.features import Features

COUNT = 40
FEATURES = random_features(COUNT)
METADATA: list[dict[str, object]] = [
    {"camera": row % 3, "time": row / 2} | ({"side": "left"} if row % 2 else {})
    for row in range(COUNT)
]
OTHER = DIGEST.replace("aaaa", "cccc")


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    gallery = Gallery.open(tmp_path / "gallery")
    gallery.add(FEATURES, METADATA)
    return gallery


def found(hits: list) -> list[tuple[str, float]]:
    return [(hit.path, hit.distance) for hit in hits]


def matches(hits: list, expected: list[tuple[str, float]]) -> bool:
    return [hit.path for hit in hits] == [path for path, _ in expected] and np.allclose(
        [hit.distance for hit in hits], [distance for _, distance in expected], atol=1e-6
    )


def test_hits_are_those_of_a_naive_search(gallery: Gallery) -> None:
    query = random_features(1, seed=7).values[0]
    hits = gallery.search(query, k=5)
    assert matches(hits, naive_nearest(FEATURES, query, 5))
    row = FEATURES.paths.index(hits[0].path)
    assert hits[0].metadata == {"side": None} | METADATA[row]


def test_several_queries_give_one_list_each(gallery: Gallery) -> None:
    queries = random_features(5, seed=8)
    expected = [naive_nearest(FEATURES, query, 3) for query in queries.values]
    for query in (queries, queries.values, queries.values.astype(np.float16).astype(np.float64)):
        answers = gallery.search(query, k=3)
        assert [[hit.path for hit in hits] for hits in answers] == [
            [path for path, _ in hits] for hits in expected
        ]
    (single,) = gallery.search(queries.values[:1], k=3)
    assert matches(single, expected[0])
    assert gallery.search(queries.values[:0]) == []


@pytest.mark.parametrize(
    ("where", "keep"),
    [
        ("camera = 1", lambda row: row["camera"] == 1),
        ("camera <> 1 AND time >= 10.5", lambda row: row["camera"] != 1 and row["time"] >= 10.5),
        ("side IS NULL", lambda row: "side" not in row),
        ("side = 'left' OR camera IN (0, 2)", lambda row: "side" in row or row["camera"] != 1),
        ("camera = 1 -- a comment", lambda row: row["camera"] == 1),
    ],
)
def test_filter(gallery: Gallery, where: str, keep: Callable[[dict], bool]) -> None:
    rows = [row for row, metadata in enumerate(METADATA) if keep(metadata)]
    query = random_features(1, seed=9).values[0]
    hits = gallery.search(query, k=COUNT, where=where)
    assert matches(hits, naive_nearest(FEATURES, query, COUNT, rows))
    assert gallery.count(where) == len(rows)
    assert [row.path for row in gallery.rows(where)] == [FEATURES.paths[row] for row in rows]


def test_filter_on_the_path(gallery: Gallery) -> None:
    (hit,) = gallery.search(FEATURES.values[0], where="path = 'p7'")
    assert hit.path == "p7"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("camera =", "Filter 'camera =' is not valid: Expected: an expression, found: end"),
        ("camera = 1; DELETE", "found: ;"),
        ("camera = 1 ORDER BY time", "Expected"),
        ("camera", "does not return a boolean"),
        ("camera = 'one'", "could not convert"),
        ("sum(camera) > 1", "a function that is not supported"),
        ("", "columns path, camera, time, side"),
    ],
)
def test_invalid_filters_are_refused(gallery: Gallery, where: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        gallery.search(FEATURES.values[0], where=where)
    with pytest.raises(InvalidInputError, match=message):
        gallery.remove(where)
    assert len(gallery) == COUNT


def test_unknown_columns_are_refused(gallery: Gallery) -> None:
    for call in (gallery.remove, gallery.count, lambda where: list(gallery.rows(where))):
        with pytest.raises(UnknownNameError, match=r"'camra'. Did you mean 'camera'.*side, time"):
            call("camra = 1")


def test_k_may_exceed_the_gallery(gallery: Gallery) -> None:
    query = FEATURES.values[3]
    assert matches(gallery.search(query, k=1000), naive_nearest(FEATURES, query, COUNT))
    assert gallery.search(query, where="camera = 99") == []
    with pytest.raises(InvalidInputError, match="at least 1"):
        gallery.search(query, k=0)


def test_an_empty_gallery_answers_nothing(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "new")
    assert (len(gallery), gallery.columns, gallery.digest, gallery.feature_dim) == (0, {}, "", None)
    assert gallery.search(FEATURES.values[0]) == []
    assert gallery.search(FEATURES) == [[]] * COUNT
    assert gallery.remove("camera = 1") == 0
    assert list(gallery.rows()) == []
    gallery.add(random_features(0))
    gallery.compact()
    assert len(gallery) == 0


def test_removed_rows_are_not_found(gallery: Gallery) -> None:
    assert gallery.remove("camera = 1") == 13
    rows = [row for row in range(COUNT) if row % 3 != 1]
    query = FEATURES.values[1]
    assert matches(gallery.search(query, k=COUNT), naive_nearest(FEATURES, query, COUNT, rows))


def test_everything_is_stored(gallery: Gallery) -> None:
    again = Gallery.open(gallery.location)
    contents = again.load()
    assert np.array_equal(contents.features.values, FEATURES.values)
    assert contents.features.paths == FEATURES.paths
    assert again.digest == contents.features.digest == DIGEST
    assert again.columns == {"camera": "int", "time": "float", "side": "str"}
    assert contents.columns["side"] == tuple(row.get("side") for row in METADATA)
    assert [row.metadata["camera"] for row in again.rows()] == [row["camera"] for row in METADATA]


def test_an_open_gallery_sees_the_changes_of_others(gallery: Gallery) -> None:
    other = Gallery.open(gallery.location)
    other.add(random_features(2, seed=3, name="new"), [{"floor": 2}, {}])
    assert len(gallery) == COUNT + 2
    (hit,) = gallery.search(FEATURES.values[0], where="floor = 2")
    assert hit.path == "new0"
    assert gallery.columns["floor"] == "int"
    assert gallery.count("floor IS NULL") == COUNT + 1


def test_compact_erases_removed_rows_from_the_disk(gallery: Gallery) -> None:
    for row in range(5):
        gallery.add(random_features(1, seed=row, name=f"secret{row}-"))
    gallery.remove("path LIKE 'secret%'")

    def stored() -> bytes:
        return b"".join(f.read_bytes() for f in Path(gallery.location).rglob("*") if f.is_file())

    before = gallery.search(FEATURES.values[0], k=COUNT)
    assert b"secret0-0" in stored()
    gallery.compact(keep_days=0)
    assert b"secret0-0" not in stored()
    assert gallery.search(FEATURES.values[0], k=COUNT) == before
    with pytest.raises(InvalidInputError, match="at least 0"):
        gallery.compact(keep_days=-1)


def test_other_digests_are_refused(gallery: Gallery) -> None:
    other = random_features(2, digest=OTHER)
    with pytest.raises(MixedFeaturesError, match=f"differ in weights.*{DIGEST}.*{OTHER}"):
        gallery.add(other)
    with pytest.raises(MixedFeaturesError, match="and of the query"):
        gallery.search(other)
    assert len(gallery) == COUNT
    # A bare vector has no digest.
    assert gallery.search(other.values[0], k=1)


def test_an_unknown_digest_is_recorded_later(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "gallery")
    gallery.add(random_features(2, digest=""))
    assert gallery.digest == ""
    gallery.add(random_features(2, name="q"))
    assert gallery.digest == DIGEST
    gallery.add(random_features(2, name="r", digest=""))
    with pytest.raises(MixedFeaturesError):
        gallery.add(random_features(2, digest=OTHER))
    assert len(gallery) == 6


@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "NaN or infinity"), (np.inf, "NaN or"), (0, "only zeros")]
)
def test_unusable_vectors_are_refused(gallery: Gallery, value: float, message: str) -> None:
    features = random_features(3, name="bad")
    features.values[1] = value
    with pytest.raises(InvalidInputError, match=rf"1 of the new rows contain {message}.*bad1"):
        gallery.add(features)
    with pytest.raises(InvalidInputError, match=f"query vectors contain {message}"):
        gallery.search(features.values[1])
    assert len(gallery) == COUNT


def test_another_dimension_is_refused(gallery: Gallery) -> None:
    with pytest.raises(InvalidInputError, match=r"features of 8 dimensions, the new rows have 5"):
        gallery.add(random_features(2, 5))
    with pytest.raises(InvalidInputError, match=r"query has 5 dimensions.* has 8"):
        gallery.search(np.ones(5, np.float32))
    with pytest.raises(InvalidInputError, match="give one vector"):
        gallery.search(np.ones((1, 1, 8), np.float32))


def test_invalid_paths_and_lengths_are_refused(gallery: Gallery) -> None:
    with pytest.raises(InvalidInputError, match="1 metadata entries for 2 rows"):
        gallery.add(random_features(2), [{}])
    odd = Features(FEATURES.values[:1], (os.fsdecode(b"\xff.jpg"),), (), DIGEST)
    with pytest.raises(InvalidInputError, match="not UTF-8"):
        gallery.add(odd)


def test_only_a_gallery_or_an_empty_folder_is_opened(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InvalidInputError, match=r"it contains 'notes.txt' and no images.lance"):
        Gallery.open(tmp_path)
    with pytest.raises(InvalidInputError, match="is a file"):
        Gallery.open(tmp_path / "notes.txt")
    with pytest.raises(InvalidInputError, match="does not exist"):
        Gallery.open(tmp_path / "missing", create=False)
    assert not (tmp_path / "missing").exists()


def test_another_table_or_format_version_is_refused(gallery: Gallery, tmp_path: Path) -> None:
    lancedb.connect(tmp_path / "other").create_table("images", pa.table({"a": [1]}))
    with pytest.raises(InvalidInputError, match=r"not a gallery of reid_align.* columns a\."):
        Gallery.open(tmp_path / "other")
    table = lancedb.connect(gallery.location).open_table("images")
    table.update_field_metadata({"path": "vector", "metadata": {"reid_align.format": "2"}})
    with pytest.raises(InvalidInputError, match=r"gallery format 2; .* reads format 1\. Install"):
        Gallery.open(gallery.location)


def test_a_damaged_gallery_is_an_error(gallery: Gallery) -> None:
    for file in Path(gallery.location, "images.lance", "data").iterdir():
        file.write_bytes(b"damaged")
    with pytest.raises(OutputError, match=r"Cannot read the gallery .* Restore"):
        Gallery.open(gallery.location).search(FEATURES.values[0])


def test_a_full_disk_keeps_the_stored_rows(gallery: Gallery) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OutputError, match=r"are kept\. Free disk space, then try again"):
            gallery.add(random_features(10_000, name="big"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    query = FEATURES.values[0]
    assert matches(gallery.search(query, k=COUNT), naive_nearest(FEATURES, query, COUNT))
    gallery.add(random_features(3, name="later"))
    assert len(gallery) == COUNT + 3


def test_approximate_search(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "gallery")
    features = random_features(2000, 16)
    gallery.add(random_features(999, 16))
    with pytest.raises(InvalidInputError, match=r"999 rows.* at least 1,000"):
        gallery.build_index()
    gallery.remove("true")
    gallery.add(features, [{"camera": row % 50} for row in range(2000)])
    gallery.build_index()
    queries = random_features(20, 16, seed=5).values
    exact, fast = gallery.search(queries), gallery.search(queries, approximate=True)
    assert [found(hits) for hits in exact] == [found(gallery.search(query)) for query in queries]
    same = [
        len({h.path for h in a} & {h.path for h in b}) for a, b in zip(exact, fast, strict=True)
    ]
    assert np.mean(same) > 9
    # A rare value, more hits than the index gives at first, and rows that it does not have yet.
    assert len(gallery.search(queries[0], 40, "camera = 7", approximate=True)) == 40
    assert len(gallery.search(queries[0], 2000, approximate=True)) == 2000
    gallery.add(Features(queries[:1], ("new",), (), DIGEST))
    assert gallery.search(queries[0], 1, approximate=True)[0].path == "new"


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "lancedb", None)
    message = r"pip install lancedb \(included in the extra \[gallery\]\)"
    with pytest.raises(MissingExtraError, match=message):
        Gallery.open(tmp_path / "gallery")
    assert not (tmp_path / "gallery").exists()
