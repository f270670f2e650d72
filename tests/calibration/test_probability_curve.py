"""Probability of the same identity by distance."""

import numpy as np
import pytest
from calibration_samples import labeled_pairs, normal_pairs

from reid_align.calibration import ProbabilityCurve, fit_probability
from reid_align.errors import InvalidInputError


def naive_isotonic(distances: np.ndarray, same: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Min-max formula of the non-increasing weighted least squares fit; distinct distances."""
    order = np.argsort(distances)
    y, w = same[order].astype(float), weights[order]
    count, fitted = len(y), np.empty(len(y))

    def mean(i: int, j: int) -> float:
        return float((y[i : j + 1] @ w[i : j + 1]) / w[i : j + 1].sum())

    for k in range(count):
        fitted[k] = min(max(mean(i, j) for j in range(k, count)) for i in range(k + 1))
    result = np.empty(count)
    result[order] = fitted
    return result


def test_it_is_the_isotonic_fit_of_the_pairs_and_one_of_either_kind_at_both_ends() -> None:
    random = np.random.default_rng(3)
    pairs = labeled_pairs(random.uniform(0.1, 1.2, 12), random.uniform(0.3, 1.7, 20))
    curve = fit_probability(pairs)
    distances = np.concatenate([pairs.distances, [0, 2]]).astype(float)
    weights = np.concatenate([np.where(pairs.same, 1 / 12, 1 / 20), [2 / 20, 2 / 12]])
    same = np.concatenate([pairs.same, [0.5, 0.5]])
    expected = naive_isotonic(distances, same, weights)
    np.testing.assert_allclose(curve.at(distances), expected, atol=2e-5)


def test_known_distributions_give_the_known_probability() -> None:
    curve = fit_probability(normal_pairs(20_000))
    distances = np.array([0.5, 0.55, 0.6, 0.65, 0.7])
    # Bayes: the log odds of two normals with one deviation are linear.
    odds = np.exp((0.6 - distances) * 0.4 / 0.01)
    np.testing.assert_allclose(curve.at(distances), odds / (1 + odds), atol=0.04)


def test_the_prior_changes_the_odds() -> None:
    curve = ProbabilityCurve((0.2, 0.4), (0.9, 0.1))
    assert curve.at(0.3) == pytest.approx(0.5)
    assert curve.at(0.3, prior=0.2) == pytest.approx(0.2)
    assert curve.at(0.2, prior=0.1) == pytest.approx(0.5)
    np.testing.assert_allclose(curve.at([[0, 5]]), [[0.9, 0.1]])
    for prior in (0, 1, float("nan")):
        with pytest.raises(InvalidInputError, match="between 0 and 1"):
            curve.at(0.3, prior)


def test_separated_pairs_do_not_give_certainty() -> None:
    curve = fit_probability(labeled_pairs(np.full(99, 0.2), np.full(199, 0.9)))
    low, high = curve.at([0.1, 1.0])
    assert low == pytest.approx((1 + 1 / 199) / (1 + 2 / 199), abs=1e-6)
    assert high == pytest.approx((1 / 99) / (1 + 2 / 99), abs=1e-6)


def test_distances_without_information_give_one_half() -> None:
    curve = fit_probability(labeled_pairs(np.full(50, 0.5), np.full(400, 0.5)))
    np.testing.assert_allclose(curve.at([0, 0.5, 2]), 0.5, atol=1e-6)


def test_probabilities_never_increase() -> None:
    values = fit_probability(normal_pairs(500)).at(np.linspace(-1, 3, 5000))
    assert (np.diff(values) <= 0).all()
    assert ((values > 0) & (values < 1)).all()


@pytest.mark.parametrize(
    ("distances", "probabilities"),
    [((), ()), ((0.1,), (0.5, 0.4)), ((0.2, 0.1), (0.5, 0.4)), ((0.1, 0.2), (0.4, 0.5)),
     ((0.1, 0.2), (1.0, 0.5)), ((0.1, 0.2), (0.5, 0.0))],
)  # fmt: skip
def test_impossible_curves_are_refused(distances: tuple, probabilities: tuple) -> None:
    with pytest.raises(InvalidInputError, match="ascending distances"):
        ProbabilityCurve(distances, probabilities)
