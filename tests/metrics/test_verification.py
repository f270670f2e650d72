import numpy as np
import pytest
from naive_metrics import naive_pairs
from sklearn.metrics import roc_curve

from reid_align.errors import InvalidInputError
from reid_align.metrics import (
    ALL_IMAGES,
    CROSS_CAMERA,
    SINGLE_GALLERY_SHOT,
    Labels,
    Protocol,
    VerificationResult,
    matrix_blocks,
    verify,
)

RATES = (0, 1e-3, 0.01, 0.1, 0.25, 0.5, 0.9, 1)


def random_problem(levels: int, seed: int) -> tuple[np.ndarray, Labels, Labels]:
    random = np.random.default_rng(seed)
    query, gallery = (
        Labels(random.integers(-1, 6, n), random.integers(0, 3, n), random.integers(0, 90, n))
        for n in (23, 41)
    )
    same = query.person_ids[:, None] == gallery.person_ids[None]
    table = random.random((23, 41), np.float32) - 0.3 * same.astype(np.float32)
    return np.floor(table * levels) if levels else table, query, gallery


def shares(distances: list[float], threshold: float) -> float:
    return sum(distance <= threshold for distance in distances) / len(distances)


@pytest.mark.parametrize("protocol", [CROSS_CAMERA, ALL_IMAGES])
@pytest.mark.parametrize("block_size", [1, 5, 100])
@pytest.mark.parametrize("levels", [0, 1, 4])
def test_operating_points_equal_a_search_over_all_distances(
    protocol: Protocol, block_size: int, levels: int
) -> None:
    table, query, gallery = random_problem(levels, seed=levels)
    result = verify(matrix_blocks(table, block_size=block_size), query, gallery, protocol=protocol)
    genuine, impostors = naive_pairs(table, query, gallery, protocol is CROSS_CAMERA)
    assert result.genuine_pairs == len(genuine) > 0
    assert result.impostor_pairs == len(impostors) > 0
    for rate in RATES:
        allowed = [t for t in [*genuine, *impostors] if shares(impostors, t) <= rate]
        best = max((shares(genuine, t) for t in allowed), default=0)
        point = result.at_false_positive_rate(rate)
        assert point.true_positive_rate == best
        assert point.false_positive_rate <= rate
        assert point.true_positive_rate == shares(genuine, point.threshold)
        assert point.false_positive_rate == shares(impostors, point.threshold)


@pytest.mark.parametrize("points", [5, 200])
def test_points_of_the_curve_are_operating_points(points: int) -> None:
    table, query, gallery = random_problem(0, 0)
    result = verify(matrix_blocks(table), query, gallery)
    curve = result.curve(points)
    assert 2 <= len(curve) <= points
    assert (np.diff(curve, axis=0) >= 0).all()
    every = {
        (accepted / result.impostor_pairs, genuine / result.genuine_pairs)
        for accepted, genuine in zip(
            result.impostors_accepted.tolist(), result.genuine_accepted.tolist(), strict=True
        )
    }
    assert set(curve) <= every
    if points == 200:
        assert set(curve) == every
    nothing = Labels(np.array([], np.int64))
    empty = verify(matrix_blocks(np.zeros((0, 0), np.float32)), nothing, nothing)
    assert empty.curve() == ()


@pytest.mark.parametrize("levels", [0, 4, 30])
@pytest.mark.parametrize("seed", range(3))
def test_the_curve_and_equal_error_rate_equal_those_of_scikit_learn(levels: int, seed: int) -> None:
    table, query, gallery = random_problem(levels, seed)
    result = verify(matrix_blocks(table, block_size=7), query, gallery)
    genuine, impostors = naive_pairs(table, query, gallery, cross_camera=True)
    truth = [1] * len(genuine) + [0] * len(impostors)
    scores = -np.array(genuine + impostors)
    fpr, tpr, thresholds = roc_curve(truth, scores, drop_intermediate=False)
    for threshold, accepted, wrong in zip(
        result.thresholds, result.genuine_accepted, result.impostors_accepted, strict=True
    ):
        point = int(np.flatnonzero(-thresholds == threshold)[0])
        assert accepted / len(genuine) == pytest.approx(tpr[point])
        assert wrong / len(impostors) == pytest.approx(fpr[point])
    error = result.equal_error_rate
    assert 0 < error < 0.5
    # The error rates are equal where the interpolated fpr + tpr crosses 1.
    assert error == pytest.approx(np.interp(1, fpr + tpr, fpr), abs=1e-12)


@pytest.mark.parametrize("levels", [0, 4])
def test_the_equal_error_point_is_the_first_with_fpr_at_least_the_miss_rate(
    levels: int,
) -> None:
    table, query, gallery = random_problem(levels, seed=1)
    point = verify(matrix_blocks(table), query, gallery).equal_error_point
    genuine, impostors = naive_pairs(table, query, gallery, cross_camera=True)
    fitting = [t for t in genuine if shares(impostors, t) >= 1 - shares(genuine, t)]
    assert point.threshold == pytest.approx(min(fitting))
    assert point.true_positive_rate == shares(genuine, point.threshold)
    assert point.false_positive_rate == shares(impostors, point.threshold)


def verification_of(genuine: list[float], impostors: list[float]) -> VerificationResult:
    """Verify one query against a gallery with these distances."""
    table = np.array([genuine + impostors], np.float32)
    person_ids = np.array([1] * len(genuine) + [2] * len(impostors), np.int64)
    return verify(matrix_blocks(table), Labels(np.array([1])), Labels(person_ids))


def test_verification_by_hand() -> None:
    result = verification_of([1, 2, 3, 5], [2.5, 4, 6, 7])
    assert result.thresholds.tolist() == [1, 2, 3, 5]
    assert result.at_false_positive_rate(0) == (2, 0.5, 0)
    assert result.at_false_positive_rate(0.25) == (3, 0.75, 0.25)
    assert result.at_false_positive_rate(0.49) == (3, 0.75, 0.25)
    assert result.at_false_positive_rate(0.5) == (5, 1, 0.5)
    assert result.at_false_positive_rate(1) == (5, 1, 0.5)
    assert result.equal_error_rate == 0.25
    assert result.equal_error_point == (3, 0.75, 0.25)


def test_separate_and_swapped_distances() -> None:
    separate = verification_of([1, 2], [3, 4, 5])
    assert separate.equal_error_rate == 0
    assert separate.equal_error_point == separate.at_false_positive_rate(0) == (2, 1, 0)
    swapped = verification_of([3, 4], [1, 2])
    assert swapped.equal_error_rate == 1
    assert swapped.equal_error_point == (3, 0.5, 1)
    assert swapped.at_false_positive_rate(0.9) == (float("-inf"), 0, 0)


def test_equal_distances_give_chance_level() -> None:
    result = verification_of([1, 1], [1, 1, 1])
    assert result.equal_error_rate == 0.5
    assert result.at_false_positive_rate(0.99) == (float("-inf"), 0, 0)
    assert result.at_false_positive_rate(1) == result.equal_error_point == (1, 1, 1)


@pytest.mark.parametrize(("genuine", "impostors"), [([], [1.0]), ([1.0], []), ([], [])])
def test_rates_are_nan_without_genuine_or_impostor_pairs(
    genuine: list[float], impostors: list[float]
) -> None:
    result = verification_of(genuine, impostors)
    assert (result.genuine_pairs, result.impostor_pairs) == (len(genuine), len(impostors))
    assert np.isnan(result.equal_error_rate)
    assert np.isnan(result.equal_error_point).all()
    assert np.isnan(result.at_false_positive_rate(0.1)).all()


def test_excluded_pairs_do_not_count() -> None:
    labels = Labels(np.array([1, 1, 2, -1]), np.array([0, 1, 0, 0]), np.array([0, 1, 2, 3]))
    result = verify(matrix_blocks(np.zeros((4, 4), np.float32)), labels, labels)
    assert result.genuine_pairs == 2
    assert result.impostor_pairs == 4


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_a_rate_outside_zero_to_one_is_refused(rate: float) -> None:
    with pytest.raises(InvalidInputError, match=f"rate is {rate}. It must be from 0 to 1"):
        verification_of([1], [2]).at_false_positive_rate(rate)


def test_a_single_shot_protocol_is_refused() -> None:
    table, query, gallery = random_problem(0, seed=0)
    with pytest.raises(InvalidInputError, match="Use expected_single_shot"):
        verify(matrix_blocks(table), query, gallery, protocol=SINGLE_GALLERY_SHOT)
