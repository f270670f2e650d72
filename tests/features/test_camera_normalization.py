"""Camera normalization against a naive implementation, and its invariants."""

import math
import tracemalloc

import numpy as np
import pytest

from reid_align.errors import InvalidInputError
from reid_align.features.camera_normalization import normalize_by_camera
from reid_align.metrics import Labels, distance_blocks, rank


def naive_normalize(features: np.ndarray, cameras: np.ndarray) -> np.ndarray:
    """Naive version: one image at a time, matrix root by iteration (Denman and Beavers, 1976)."""
    result = []
    for row, camera in zip(features.astype(float), cameras, strict=True):
        seen = features[cameras == camera].astype(float)
        seen = seen if len(seen) > 1 else features.astype(float)
        mean = np.array([math.fsum(column) / len(seen) for column in seen.T])
        covariance = sum(np.outer(other - mean, other - mean) for other in seen) / len(seen)
        one_image = sum(math.dist(other, mean) ** 2 for other in seen) / len(seen) / len(seen)
        root = covariance + one_image * np.eye(len(row))
        inverse_root = np.eye(len(row))
        for _ in range(50):
            root, inverse_root = (
                (root + np.linalg.inv(inverse_root)) / 2,
                (inverse_root + np.linalg.inv(root)) / 2,
            )
        vector = inverse_root @ (row - mean)
        result.append(vector / math.hypot(*vector))
    return np.array(result)


def drawn(count: int, dimensions: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)


def rotation(dimensions: int) -> np.ndarray:
    return np.linalg.qr(drawn(dimensions, dimensions, 99).astype(float)).Q


def lengths(rows: np.ndarray) -> np.ndarray:
    return np.linalg.norm(rows, axis=1)


# Cameras with more images than dimensions, equally many, and fewer; two images; one camera.
@pytest.mark.parametrize(
    "cameras",
    [[7, 3, 7, 3, 7, 3, 3, 7, 7], [4] * 5 + [2] * 4, [1, 1, 1, 0, 1, 1, 1, 9, 1], range(9)],
)
def test_it_equals_the_naive_version(cameras: list[int]) -> None:
    features = drawn(9, 5, 0) * 3 + 1
    before, ids = features.copy(), np.array(cameras, np.int64)
    found = normalize_by_camera(features, ids)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, naive_normalize(features, ids), atol=1e-6)
    np.testing.assert_allclose(lengths(found), 1, atol=1e-6)
    assert (features == before).all()


def test_offset_and_scale_of_a_camera_are_removed() -> None:
    person = drawn(50, 6, 1)
    gains, shifts = np.array([1, 0.2, 3], np.float32), np.array([0, 5, -2], np.float32)
    seen = np.concatenate([person * g + s for g, s in zip(gains, shifts, strict=True)])
    found = normalize_by_camera(seen, np.repeat(np.arange(3), 50)).reshape(3, 50, 6)
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)
    np.testing.assert_allclose(found[2], found[0], atol=1e-5)


def test_identities_are_found_despite_a_camera_specific_direction() -> None:
    # Each camera adds a random multiple of one direction, not parallel to any axis, to its images.
    rng = np.random.default_rng(0)
    person = rng.standard_normal((200, 12))
    moved = 4 * rng.standard_normal((2, 200, 1)) * rng.standard_normal((2, 1, 12))
    features = (person + moved).reshape(400, 12).astype(np.float32)
    found = normalize_by_camera(features, np.repeat([0, 1], 200))
    people = Labels(np.arange(200))
    scores = [rank(distance_blocks(f[:200], f[200:]), people, people) for f in (features, found)]
    assert scores[0].cmc[0] < 0.2
    assert scores[1].cmc[0] > 0.8


@pytest.mark.parametrize("dimensions", [6, 40])
def test_the_axes_and_the_scale_of_the_features_do_not_matter(dimensions: int) -> None:
    features, cameras = drawn(40, dimensions, 3) * 2 + 1, np.repeat([5, 8], 20)
    found, turn = normalize_by_camera(features, cameras), rotation(dimensions)
    turned = normalize_by_camera((features @ turn).astype(np.float32), cameras)
    np.testing.assert_allclose(turned, found @ turn, atol=1e-5)
    for scale in (1e-12, 1e12):
        scaled = normalize_by_camera((features * scale).astype(np.float32), cameras)
        np.testing.assert_allclose(scaled, found, atol=1e-5)


def test_the_order_of_images_does_not_matter_and_it_is_idempotent() -> None:
    features, cameras = drawn(30, 7, 4), np.arange(30) % 3
    found, order = normalize_by_camera(features, cameras), np.random.default_rng(0).permutation(30)
    shuffled = normalize_by_camera(features[order], cameras[order])
    np.testing.assert_allclose(shuffled, found[order], atol=1e-6)
    np.testing.assert_array_equal(normalize_by_camera(features, cameras), found)


@pytest.mark.parametrize("count", [3, 9])
def test_a_constant_dimension_becomes_zero_and_leaves_the_others_alone(count: int) -> None:
    features = drawn(count, 4, 5)
    features[:, 2] = 0.1
    found = normalize_by_camera(features, np.zeros(count, np.int64))
    np.testing.assert_allclose(found[:, 2], 0, atol=1e-12)
    rest = normalize_by_camera(features[:, [0, 1, 3]], np.zeros(count, np.int64))
    np.testing.assert_allclose(found[:, [0, 1, 3]], rest, atol=1e-6)


def test_two_images_of_a_camera_are_opposite() -> None:
    features = drawn(2, 3, 6)
    found = normalize_by_camera(features, np.zeros(2, np.int64))
    apart = (features[0] - features[1]) / math.dist(*features)
    np.testing.assert_allclose(found, [apart, -apart], atol=1e-6)


def test_equal_images_and_none_at_all_give_zeros() -> None:
    for count in (3, 7):
        copies = np.full((count, 4), 0.3, np.float32)
        assert (normalize_by_camera(copies, np.zeros(count, np.int64)) == 0).all()
    assert (normalize_by_camera(copies[:1], np.zeros(1, np.int64)) == 0).all()
    assert normalize_by_camera(copies[:0], np.zeros(0, np.int64)).shape == (0, 4)


def test_small_differences_survive_a_large_mean() -> None:
    # float32 products of the raw features would lose 1e-3 next to 1000.
    differences = np.round(drawn(30, 5, 7) * 8) / 2**13
    cameras = np.zeros(30, np.int64)
    found = normalize_by_camera((1000 + differences).astype(np.float32), cameras)
    np.testing.assert_allclose(found, normalize_by_camera(differences, cameras), atol=1e-6)


def test_it_needs_one_float64_copy_of_a_camera() -> None:
    features = np.tile(drawn(20_000, 16, 8), (2, 1))
    tracemalloc.start()
    found = normalize_by_camera(features, np.zeros(len(features), np.int64))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # In float32: the camera's rows, their whitened rows and the result, plus a small margin.
    assert peak < (2 + 3 + 1) * features.nbytes
    np.testing.assert_allclose(found[:20_000], found[20_000:], atol=1e-6)


def test_few_images_need_no_matrix_of_dimensions() -> None:
    features = drawn(4, 2000, 9)
    tracemalloc.start()
    normalize_by_camera(features, np.zeros(4, np.int64))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2000 * 2000


@pytest.mark.parametrize(
    ("features", "cameras", "message"),
    [
        (np.ones((3, 2), np.float32), np.zeros(2, np.int64), "for 3 feature vectors"),
        (np.ones((3, 2), np.float32), np.zeros(3, np.float32), "dtype float32"),
        (np.ones((3, 2)), np.zeros(3, np.int64), "dtype float64"),
        (np.full((3, 2), np.nan, np.float32), np.zeros(3, np.int64), "NaN"),
    ],
)
def test_features_and_cameras_must_match(
    features: np.ndarray, cameras: np.ndarray, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        normalize_by_camera(features, cameras)
