"""Camera-wise normalisation against a loop over pictures and dimensions."""

import math

import numpy as np
import pytest

from reid_align.errors import InvalidInputError
from reid_align.metrics import normalize_by_camera


def naive_normalize(features: np.ndarray, cameras: np.ndarray) -> np.ndarray:
    """One picture after the other, one dimension after the other."""
    result = []
    for row, camera in zip(features.tolist(), cameras.tolist(), strict=True):
        seen = [other for other, c in zip(features.tolist(), cameras, strict=True) if c == camera]
        seen = seen if len(seen) > 1 else features.tolist()
        values = []
        for dimension, value in enumerate(row):
            column = [other[dimension] for other in seen]
            mean = math.fsum(column) / len(column)
            variance = math.fsum((entry - mean) ** 2 for entry in column) / len(column)
            values.append((value - mean) / math.sqrt(variance) if variance else 0.0)
        length = math.hypot(*values)
        result.append([value / length if length else 0.0 for value in values])
    return np.array(result)


def drawn(count: int, dimensions: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)


# The second has two cameras with a single picture, the third no others.
@pytest.mark.parametrize("cameras", [[7, 3, 7, 3, 7, 3, 3, 7], [1, 1, 1, 0, 1, 1, 1, 9], range(8)])
def test_it_equals_a_plain_loop(cameras: list[int]) -> None:
    features = drawn(8, 5, 0) * 3 + 1
    before, ids = features.copy(), np.array(cameras, np.int64)
    found = normalize_by_camera(features, ids)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, naive_normalize(features, ids), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert (features == before).all()


def test_what_a_camera_adds_and_multiplies_is_gone() -> None:
    person = drawn(50, 6, 1)
    gains, shifts = np.array([1, 0.2, 3], np.float32), np.array([0, 5, -2], np.float32)
    seen = np.concatenate([person * g + s for g, s in zip(gains, shifts, strict=True)])
    found = normalize_by_camera(seen, np.repeat(np.arange(3), 50)).reshape(3, 50, 6)
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)
    np.testing.assert_allclose(found[2], found[0], atol=1e-5)


def test_a_constant_dimension_becomes_zero_and_leaves_the_others_alone() -> None:
    features = drawn(9, 4, 2)
    features[:, 2] = 0.1
    found = normalize_by_camera(features, np.zeros(9, np.int64))
    assert (found[:, 2] == 0).all()
    rest = normalize_by_camera(features[:, [0, 1, 3]], np.zeros(9, np.int64))
    np.testing.assert_array_equal(found[:, [0, 1, 3]], rest)


def test_equal_pictures_and_none_at_all_give_zeros() -> None:
    copies = np.full((3, 4), 0.3, np.float32)
    assert (normalize_by_camera(copies, np.zeros(3, np.int64)) == 0).all()
    assert (normalize_by_camera(copies[:1], np.zeros(1, np.int64)) == 0).all()
    assert normalize_by_camera(copies[:0], np.zeros(0, np.int64)).shape == (0, 4)


@pytest.mark.parametrize(
    ("features", "cameras", "message"),
    [
        (np.ones((3, 2), np.float32), np.zeros(2, np.int64), "beside 3 feature vectors"),
        (np.ones((3, 2), np.float32), np.zeros(3, np.float32), "type float32"),
        (np.ones((3, 2)), np.zeros(3, np.int64), "of type float32"),
        (np.full((3, 2), np.nan, np.float32), np.zeros(3, np.int64), "NaN"),
    ],
)
def test_features_and_cameras_have_to_fit(
    features: np.ndarray, cameras: np.ndarray, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        normalize_by_camera(features, cameras)
