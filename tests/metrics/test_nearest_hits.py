"""Nearest gallery images under a protocol, against sorting the allowed images."""

import numpy as np
import pytest

from reid_align.metrics import (
    ALL_IMAGES,
    CROSS_CAMERA,
    Labels,
    Protocol,
    matrix_blocks,
    nearest_hits,
)


@pytest.mark.parametrize("protocol", [ALL_IMAGES, CROSS_CAMERA])
@pytest.mark.parametrize("count", [1, 4, 30])
def test_hits_are_the_allowed_images_sorted_by_distance(protocol: Protocol, count: int) -> None:
    random = np.random.default_rng(0)
    # Few distinct values give ties.
    table = random.integers(0, 6, (9, 20)).astype(np.float32)
    query = Labels(random.integers(0, 4, 9), random.integers(0, 3, 9), np.arange(9))
    gallery = Labels(random.integers(-1, 4, 20), random.integers(0, 3, 20), np.arange(5, 25))
    found = nearest_hits(matrix_blocks(table, block_size=2), query, gallery, protocol, count)
    assert found.columns.shape == (9, min(count, 20))
    for index in range(9):
        pairs = [
            (table[index, column], column)
            for column in range(20)
            if gallery.person_ids[column] >= 0
            and gallery.image_ids[column] != query.image_ids[index]
            and not (
                protocol.drop_same_camera
                and gallery.person_ids[column] == query.person_ids[index]
                and gallery.camera_ids[column] == query.camera_ids[index]
            )
        ]
        expected = sorted(pairs)[:count]
        size = len(expected)
        assert found.columns[index, :size].tolist() == [column for _, column in expected]
        assert found.distances[index, :size].tolist() == [distance for distance, _ in expected]
        assert (found.columns[index, size:] == -1).all()
