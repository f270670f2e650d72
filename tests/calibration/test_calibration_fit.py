"""Thresholds, error rates and confidence intervals from labeled pairs."""

from statistics import NormalDist

import numpy as np
import pytest
from calibration_samples import labeled_pairs, normal_pairs

from reid_align.calibration import Bootstrap, calibration_report, fit_calibration, pairs_of_images
from reid_align.calibration.identity_bootstrap import bootstrap_intervals
from reid_align.calibration.pair_roc import PairRoc
from reid_align.errors import InvalidInputError, TooFewPairsError
from reid_align.metrics import ALL_IMAGES, Labels, distance_blocks, verify

QUICK = Bootstrap(samples=50)
RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(size=(60, 6)).astype(np.float32)
PEOPLE = np.repeat(np.arange(12), 5)


def test_known_distributions_give_the_known_figures() -> None:
    pairs = normal_pairs(20_000)
    found = fit_calibration(pairs, place="normal", false_match_rate=0.01, bootstrap=QUICK)
    same, different = NormalDist(0.4, 0.1), NormalDist(0.8, 0.1)
    limit = different.inv_cdf(0.01)
    assert found.threshold == pytest.approx(limit, abs=0.006)
    assert found.equal_error_rate == pytest.approx(same.cdf(0.2), abs=0.002)
    assert found.equal_error_threshold == pytest.approx(0.6, abs=0.005)
    (point,) = [point for point in found.points if point.false_match_rate == 0.01]
    assert point.true_match_rate == pytest.approx(same.cdf(limit), abs=0.01)
    low, high = point.true_match_rate_interval
    assert low < point.true_match_rate < high
    assert high - low < 0.04
    accepted = pairs.distances[~pairs.same] <= found.threshold
    assert 0.009 < accepted.mean() <= 0.01
    assert (found.pairs.same, found.pairs.different) == (20_000, 20_000)
    assert sum(found.histogram.same) == 20_000


def test_rates_equal_those_of_the_evaluation() -> None:
    labels = Labels(PEOPLE, None, np.arange(60))
    expected = verify(distance_blocks(FEATURES, FEATURES), labels, labels, protocol=ALL_IMAGES)
    roc = PairRoc(pairs_of_images(FEATURES, Labels(PEOPLE))).result()
    # The evaluation counts every pair in both directions.
    assert 2 * roc.genuine_pairs == expected.genuine_pairs
    assert 2 * roc.impostor_pairs == expected.impostor_pairs
    assert roc.equal_error_rate == pytest.approx(expected.equal_error_rate, abs=1e-3)
    one, two = (each.at_false_positive_rate(0.1) for each in (roc, expected))
    assert one.threshold == pytest.approx(two.threshold, abs=1e-6)


def test_weights_count_an_identity_several_times() -> None:
    pairs = pairs_of_images(FEATURES, Labels(PEOPLE))
    weights = np.random.default_rng(1).integers(0, 4, 12)
    result = PairRoc(pairs).result(weights)
    counts = [
        int(weights[a]) if a == b else int(weights[a] * weights[b]) for a, b in pairs.identities
    ]
    distances, same = np.repeat(pairs.distances, counts), np.repeat(pairs.same, counts)
    assert result.genuine_pairs == same.sum()
    assert result.impostor_pairs == (~same).sum()
    for rate in (0.01, 0.1, 0.5):
        point = result.at_false_positive_rate(rate)
        assert point.false_positive_rate == (distances[~same] <= point.threshold).mean()
        assert point.true_positive_rate == (distances[same] <= point.threshold).mean()


def test_the_bootstrap_draws_identities() -> None:
    pairs = pairs_of_images(FEATURES, Labels(PEOPLE))
    first, again, other = (
        bootstrap_intervals(PairRoc(pairs), [0.1], Bootstrap(40, seed)) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    random, errors = np.random.default_rng(5), []
    for _ in range(40):
        drawn = np.bincount(random.integers(12, size=12), minlength=12)
        errors.append(PairRoc(pairs).result(drawn).equal_error_rate)
    np.testing.assert_allclose(first[0], np.quantile(errors, [0.025, 0.975]))


def test_the_intervals_cover_the_true_rate() -> None:
    true = NormalDist(0.4, 0.1).cdf(0.2)
    covered = 0
    for seed in range(30):
        roc = PairRoc(normal_pairs(300, seed))
        low, high = bootstrap_intervals(roc, [], Bootstrap(60, seed))[0]
        covered += low <= true <= high
    assert covered >= 24


def test_separated_pairs_have_no_errors() -> None:
    pairs = labeled_pairs(np.linspace(0.1, 0.3, 40), np.linspace(0.7, 0.9, 100))
    found = fit_calibration(pairs, place="x", bootstrap=QUICK)
    assert found.threshold == pytest.approx(0.3)
    assert found.equal_error_rate == 0
    assert found.equal_error_rate_interval == (0, 0)
    assert found.points[0].true_match_rate == 1


@pytest.mark.parametrize("count", [0, 19])
def test_fewer_than_20_same_pairs_are_refused_with_the_count(count: int) -> None:
    pairs = labeled_pairs(np.full(count, 0.1), np.linspace(0.5, 1, 200))
    with pytest.raises(TooFewPairsError, match=f"Got {count} pairs of the same identity"):
        fit_calibration(pairs, place="x")


def test_20_same_pairs_are_enough() -> None:
    pairs = labeled_pairs(np.full(20, 0.1), np.linspace(0.5, 1, 100))
    assert fit_calibration(pairs, place="x", bootstrap=QUICK).pairs.same == 20


def test_a_rate_below_one_pair_is_refused() -> None:
    pairs = labeled_pairs(np.full(20, 0.1), np.linspace(0.5, 1, 80))
    with pytest.raises(TooFewPairsError, match=r"at least 100 pairs .* got 80.* at least 0\.013"):
        fit_calibration(pairs, place="x", false_match_rate=0.01)
    found = fit_calibration(pairs, place="x", false_match_rate=0.02, bootstrap=QUICK)
    assert [point.false_match_rate for point in found.points] == [0.02]
    assert "Only 2 pairs of different identities are below" in calibration_report(found)
    for rate in (0, 1, -0.1, float("nan")):
        with pytest.raises(InvalidInputError, match="between 0 and 1"):
            fit_calibration(pairs, place="x", false_match_rate=rate)


def test_a_rate_without_threshold_is_refused() -> None:
    pairs = labeled_pairs(np.full(30, 0.9), np.full(200, 0.5))
    with pytest.raises(InvalidInputError, match="no pair of one identity is accepted"):
        fit_calibration(pairs, place="x", bootstrap=QUICK)


def test_a_bootstrap_needs_a_draw() -> None:
    with pytest.raises(InvalidInputError, match="samples=0"):
        Bootstrap(samples=0)
