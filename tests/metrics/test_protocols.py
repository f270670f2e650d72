from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from reid_align.errors import InvalidInputError
from reid_align.metrics import (
    ALL_IMAGES,
    CROSS_CAMERA,
    MULTIPLE_QUERY,
    MULTIPLE_QUERY_MAX,
    PROTOCOLS,
    REASSOCIATION,
    SINGLE_GALLERY_SHOT,
    Labels,
    Protocol,
    default_protocol,
    expected_single_shot,
    matrix_blocks,
    rank,
    verify,
)
from reid_align.metrics.protocols import matched_blocks


def ids(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def left_and_genuine(
    query: Labels, gallery: Labels, protocol: Protocol
) -> tuple[list[list[int]], list[tuple[int, int]]]:
    """Return the gallery images left for each query, and the genuine pairs."""
    blocks = matrix_blocks(np.zeros((len(query), len(gallery)), np.float32), block_size=2)
    left, genuine = [], []
    for block in matched_blocks(blocks, query, gallery, protocol):
        left += [np.flatnonzero(np.isfinite(row)).tolist() for row in block.distances]
        rows = (block.start + block.rows).tolist()
        genuine += list(zip(rows, block.columns.tolist(), strict=True))
    return left, genuine


def test_cross_camera_drops_the_same_person_by_the_same_camera_only() -> None:
    query = Labels(ids(1, 2, 1), ids(0, 0, 1))
    gallery = Labels(ids(1, 1, 2, 5), ids(0, 1, 0, 0))
    left, genuine = left_and_genuine(query, gallery, CROSS_CAMERA)
    assert left == [[1, 2, 3], [0, 1, 3], [0, 2, 3]]
    assert genuine == [(0, 1), (2, 0)]


def test_all_images_keeps_the_same_camera() -> None:
    query = Labels(ids(1, 2, 1), ids(0, 0, 1))
    gallery = Labels(ids(1, 1, 2, 5), ids(0, 1, 0, 0))
    left, genuine = left_and_genuine(query, gallery, ALL_IMAGES)
    assert left == [[0, 1, 2, 3]] * 3
    assert genuine == [(0, 0), (0, 1), (1, 2), (2, 0), (2, 1)]


def test_reassociation_keeps_the_group_of_the_query_only() -> None:
    query = Labels(ids(1, 2, 3), group_ids=ids(4, 5, 4))
    gallery = Labels(ids(1, 2, 1, 2, -1), group_ids=ids(4, 4, 5, 5, 4))
    left, genuine = left_and_genuine(query, gallery, REASSOCIATION)
    assert left == [[0, 1], [2, 3], [0, 1]]
    assert genuine == [(0, 0), (1, 3)]
    for one, other in ((query, Labels(ids(1, 2))), (Labels(ids(1, 2)), gallery)):
        with pytest.raises(InvalidInputError, match="'reassociation' needs group ids"):
            left_and_genuine(one, other, REASSOCIATION)


def test_all_images_needs_no_cameras() -> None:
    left, genuine = left_and_genuine(Labels(ids(1)), Labels(ids(2, 1)), ALL_IMAGES)
    assert left == [[0, 1]]
    assert genuine == [(0, 1)]


@pytest.mark.parametrize("protocol", [ALL_IMAGES, CROSS_CAMERA, SINGLE_GALLERY_SHOT])
def test_junk_is_excluded_from_queries_and_gallery(protocol: Protocol) -> None:
    query = Labels(ids(1, -1, -7), ids(0, 0, 0))
    gallery = Labels(ids(-1, 1, -7, 0), ids(1, 1, 1, 1))
    left, genuine = left_and_genuine(query, gallery, protocol)
    assert left == [[1, 3], [], []]
    assert genuine == [(0, 1)]


@pytest.mark.parametrize("protocol", [ALL_IMAGES, CROSS_CAMERA, SINGLE_GALLERY_SHOT])
def test_the_own_image_is_excluded_regardless_of_labels(protocol: Protocol) -> None:
    query = Labels(ids(1, 2, 3), ids(0, 0, 0), ids(10, 20, 30))
    gallery = Labels(ids(1, 1, 9, 3), ids(1, 1, 1, 1), ids(10, 11, 20, 99))
    left, genuine = left_and_genuine(query, gallery, protocol)
    assert left == [[1, 2, 3], [0, 1, 3], [0, 1, 2, 3]]
    assert genuine == [(0, 1), (2, 3)]


@pytest.mark.parametrize("side", ["query", "gallery"])
def test_own_images_are_kept_if_one_side_has_no_image_ids(side: str) -> None:
    known, unknown = Labels(ids(1, 2), image_ids=ids(5, 6)), Labels(ids(1, 2))
    sides = (known, unknown) if side == "query" else (unknown, known)
    assert left_and_genuine(*sides, ALL_IMAGES)[0] == [[0, 1], [0, 1]]


def test_protocols_are_found_by_name() -> None:
    assert PROTOCOLS == {
        "cross_camera": CROSS_CAMERA,
        "all_images": ALL_IMAGES,
        "single_gallery_shot": SINGLE_GALLERY_SHOT,
        "multiple_query": MULTIPLE_QUERY,
        "multiple_query_max": MULTIPLE_QUERY_MAX,
        "reassociation": REASSOCIATION,
    }
    assert (MULTIPLE_QUERY.query_pooling, MULTIPLE_QUERY_MAX.query_pooling) == ("mean", "max")
    with pytest.raises(FrozenInstanceError):
        CROSS_CAMERA.drop_same_camera = False  # type: ignore[misc]


def test_the_default_protocol_depends_on_the_camera_ids() -> None:
    with_cameras, without = Labels(ids(1), ids(2)), Labels(ids(1))
    assert default_protocol(with_cameras, with_cameras) is CROSS_CAMERA
    assert default_protocol(without, without) is ALL_IMAGES
    with pytest.raises(InvalidInputError, match="Only the query has camera ids"):
        default_protocol(with_cameras, without)
    with pytest.raises(InvalidInputError, match="Only the gallery has camera ids"):
        default_protocol(without, with_cameras)


@pytest.mark.parametrize("metric", [rank, verify])
def test_metrics_use_and_report_the_default_protocol(metric: object) -> None:
    table = matrix_blocks(np.zeros((1, 2), np.float32))
    query, gallery = Labels(ids(1), ids(0)), Labels(ids(1, 2), ids(0, 1))
    assert metric(table, query, gallery).protocol is CROSS_CAMERA
    sides = Labels(ids(1)), Labels(ids(1, 2))
    assert metric(table, *sides).protocol is ALL_IMAGES


@pytest.mark.parametrize("side", ["query", "gallery", "both"])
def test_a_protocol_that_needs_cameras_is_refused_without(side: str) -> None:
    query = Labels(ids(1), None if side in ("query", "both") else ids(0))
    gallery = Labels(ids(1), None if side in ("gallery", "both") else ids(1))
    table = matrix_blocks(np.zeros((1, 1), np.float32))
    for metric, protocol in [(rank, CROSS_CAMERA), (expected_single_shot, SINGLE_GALLERY_SHOT)]:
        with pytest.raises(InvalidInputError, match="needs camera ids"):
            metric(table, query, gallery, protocol=protocol)


@pytest.mark.parametrize("counts", [(2, 3), (3, 2), (0, 2), (2, 0)])
def test_labels_that_do_not_match_the_distances_are_refused(counts: tuple[int, int]) -> None:
    table = matrix_blocks(np.zeros((2, 2), np.float32))
    query, gallery = (Labels(np.zeros(n, np.int64), np.zeros(n, np.int64)) for n in counts)
    with pytest.raises(InvalidInputError, match=f"{counts[0]} queries and {counts[1]} gallery"):
        rank(table, query, gallery)
    with pytest.raises(InvalidInputError, match="must match"):
        verify(table, query, gallery)
    with pytest.raises(InvalidInputError, match="must match"):
        expected_single_shot(table, query, gallery)


@pytest.mark.parametrize("name", ["person_ids", "camera_ids", "image_ids", "group_ids"])
@pytest.mark.parametrize(
    "wrong", [[1, 2], np.array([1.0, 2.0]), np.array([1, 2], np.int32), ids(1, 2)[:, None]]
)
def test_labels_of_another_type_or_shape_are_refused(name: str, wrong: object) -> None:
    with pytest.raises(InvalidInputError, match=f"{name} must be a one-dimensional int64"):
        Labels(**({"person_ids": ids(1, 2)} | {name: wrong}))


@pytest.mark.parametrize("name", ["camera_ids", "image_ids", "group_ids"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_labels_of_another_length_are_refused(name: str, count: int) -> None:
    with pytest.raises(InvalidInputError, match=f"{count} {name} and 2 person_ids"):
        Labels(ids(1, 2), **{name: np.zeros(count, np.int64)})


def test_person_ids_may_not_be_missing() -> None:
    with pytest.raises(InvalidInputError, match=r"person_ids must be .*NoneType"):
        Labels(None)  # type: ignore[arg-type]
