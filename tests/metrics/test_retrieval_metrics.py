from collections.abc import Callable

import numpy as np
import pytest
from naive_metrics import naive_ranking, ranked_lists
from sklearn.metrics import auc, average_precision_score, precision_recall_curve

from reid_align.errors import InvalidInputError
from reid_align.metrics import (
    ALL_IMAGES,
    CROSS_CAMERA,
    SINGLE_GALLERY_SHOT,
    Labels,
    RankingResult,
    distance_blocks,
    matrix_blocks,
    rank,
    rerank_blocks,
)

Problem = tuple[np.ndarray, Labels, Labels]


def random_labels(
    random: np.random.Generator, count: int, identities: int, cameras: int, images: int
) -> Labels:
    return Labels(
        random.integers(-1, identities, count),
        random.integers(0, cameras, count),
        random.integers(0, images, count),
    )


def random_problem(
    queries: int = 13,
    gallery: int = 37,
    identities: int = 5,
    cameras: int = 3,
    levels: int = 0,
    seed: int = 0,
) -> Problem:
    """Return a problem with junk, own images and distractors; levels > 0 quantize the distances."""
    random = np.random.default_rng(seed)
    table = random.random((queries, gallery), np.float32)
    if levels:
        table = np.floor(table * levels)
    sides = [
        random_labels(random, queries, identities, cameras, 60),
        random_labels(random, gallery, identities + 2, cameras, 60),
    ]
    return table, sides[0], sides[1]


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "random": random_problem,
    "three distances": lambda: random_problem(levels=3, seed=1),
    "one distance": lambda: random_problem(levels=1, seed=2),
    "one camera": lambda: random_problem(cameras=1, seed=3),
    "one identity": lambda: random_problem(identities=1, seed=4),
    "one gallery image": lambda: random_problem(gallery=1, seed=5),
    "one query": lambda: random_problem(queries=1, gallery=80, seed=6),
    "negative distances": lambda: (-random_problem(seed=7)[0], *random_problem(seed=7)[1:]),
    "many images of few identities": lambda: random_problem(9, 500, 2, levels=50, seed=8),
    "few images in a large gallery": lambda: random_problem(6, 800, 150, seed=9),
    "the same with ties": lambda: random_problem(6, 800, 150, levels=40, seed=10),
}


@pytest.mark.parametrize("ap", ["mean", "trapezoid"])
@pytest.mark.parametrize("protocol", [CROSS_CAMERA, ALL_IMAGES])
@pytest.mark.parametrize("block_size", [1, 4, 1000, None])
@pytest.mark.parametrize("name", PROBLEMS)
def test_ranking_equals_sorted_lists(name: str, block_size: int, protocol: object, ap: str) -> None:
    table, query, gallery = PROBLEMS[name]()
    blocks = matrix_blocks(table, block_size=block_size)
    result = rank(blocks, query, gallery, protocol=protocol, ap=ap, max_rank=20)
    precisions, penalties, firsts = naive_ranking(
        table, query, gallery, protocol is CROSS_CAMERA, ap
    )
    np.testing.assert_allclose(result.average_precision, precisions, rtol=1e-12)
    np.testing.assert_allclose(result.inverse_negative_penalty, penalties, rtol=1e-12)
    assert result.first_hit.tolist() == firsts
    assert result.valid.tolist() == [first > 0 for first in firsts]
    assert result.valid_queries == sum(first > 0 for first in firsts)
    assert result.protocol is protocol


def test_the_test_problems_are_not_degenerate() -> None:
    for name in PROBLEMS.keys() - {"one camera", "one gallery image"}:
        table, query, gallery = PROBLEMS[name]()
        assert rank(matrix_blocks(table), query, gallery).valid_queries > 0, name


def test_means_and_cmc_are_taken_over_the_valid_queries() -> None:
    table, query, gallery = random_problem()
    result = rank(matrix_blocks(table), query, gallery, max_rank=60)
    precisions, penalties, firsts = naive_ranking(table, query, gallery, True, "mean")
    found = [first for first in firsts if first]
    assert 0 < len(found) < len(firsts)
    assert result.mean_average_precision == pytest.approx(np.nanmean(precisions), rel=1e-12)
    assert result.mean_inverse_negative_penalty == pytest.approx(np.nanmean(penalties), rel=1e-12)
    assert result.cmc.shape == (60,)
    for k, share in enumerate(result.cmc, start=1):
        assert share == pytest.approx(sum(first <= k for first in found) / len(found))


def test_ranking_by_hand() -> None:
    """One query of identity 1 and camera 1: the ranked gallery is miss, hit, distractor, hit."""
    table = np.array([[0.0, 0.3, 0.1, 0.2, 0.5, 0.4]], np.float32)
    query = Labels(np.array([1]), np.array([1]))
    # The nearest image has the same camera, the third nearest is junk.
    gallery = Labels(np.array([1, 1, 7, -1, 1, 0]), np.array([1, 2, 1, 2, 3, 4]))
    result = rank(matrix_blocks(table), query, gallery, max_rank=4)
    assert result.average_precision.tolist() == [pytest.approx((1 / 2 + 2 / 4) / 2)]
    assert result.inverse_negative_penalty.tolist() == [2 / 4]
    assert result.first_hit.tolist() == [2]
    assert result.cmc.tolist() == [0, 1, 1, 1]
    trapezoid = rank(matrix_blocks(table), query, gallery, ap="trapezoid")
    expected = ((0 + 1 / 2) / 2 + (1 / 3 + 2 / 4) / 2) / 2
    assert trapezoid.mean_average_precision == pytest.approx(expected)


@pytest.mark.parametrize("protocol", [CROSS_CAMERA, ALL_IMAGES])
def test_average_precision_equals_that_of_scikit_learn(protocol: object) -> None:
    table, query, gallery = random_problem(40, 200, 10, seed=11)
    lists = ranked_lists(table, query, gallery, protocol is CROSS_CAMERA)
    blocks = matrix_blocks(table)
    mean = rank(blocks, query, gallery, protocol=protocol)
    trapezoid = rank(blocks, query, gallery, protocol=protocol, ap="trapezoid")
    assert mean.valid_queries >= 20
    for i in np.flatnonzero(mean.valid):
        hits = [hit for _, hit in lists[i]]
        scores = -np.arange(len(hits))
        expected = average_precision_score(hits, scores)
        assert mean.average_precision[i] == pytest.approx(expected, rel=1e-12)
        precision, recall, _ = precision_recall_curve(hits, scores)
        expected = auc(recall, precision)
        assert trapezoid.average_precision[i] == pytest.approx(expected, rel=1e-12)


def test_ties_are_ordered_by_gallery_index() -> None:
    table = np.zeros((1, 5), np.float32)
    query = Labels(np.array([1]))
    for place in range(5):
        person_ids = np.zeros(5, np.int64)
        person_ids[place] = 1
        assert rank(matrix_blocks(table), query, Labels(person_ids)).first_hit == [place + 1]


def test_best_and_worst_ranking() -> None:
    person_ids = np.array([1, 1, 2, 2, 2])
    table = np.arange(5, dtype=np.float32)[None]
    perfect = rank(matrix_blocks(table), Labels(np.array([1])), Labels(person_ids))
    assert perfect.mean_average_precision == perfect.mean_inverse_negative_penalty == 1
    worst = rank(matrix_blocks(-table), Labels(np.array([1])), Labels(person_ids))
    assert worst.mean_average_precision == pytest.approx((1 / 4 + 2 / 5) / 2)


def assert_without_valid_query(result: RankingResult, queries: int) -> None:
    assert result.valid_queries == 0
    assert result.first_hit.tolist() == [0] * queries
    assert np.isnan(result.average_precision).all()
    assert np.isnan([result.mean_average_precision, result.mean_inverse_negative_penalty]).all()
    assert np.isnan(result.cmc).all()
    assert len(result.cmc) == 50


@pytest.mark.parametrize(
    ("query", "gallery"),
    [
        ([1, 2], [3, 4, 5]),
        ([1, 2], [-1, -1, -2]),
        ([-1, -2], [-1, -2, 3]),
        ([1, 2], []),
        ([], [1, 2]),
        ([], []),
    ],
)
def test_without_a_valid_query_the_means_are_not_a_number(
    query: list[int], gallery: list[int]
) -> None:
    sides = [Labels(np.array(ids, np.int64)) for ids in (query, gallery)]
    table = np.zeros((len(query), len(gallery)), np.float32)
    assert_without_valid_query(rank(matrix_blocks(table), *sides), len(query))


def test_one_camera_leaves_no_valid_query() -> None:
    labels = Labels(np.array([1, 1, 2]), np.zeros(3, np.int64))
    table = np.zeros((3, 3), np.float32)
    assert_without_valid_query(rank(matrix_blocks(table), labels, labels), 3)


def test_features_and_their_distance_matrix_give_the_same_ranking() -> None:
    random = np.random.default_rng(0)
    # Products of small integers are exact for any block size.
    query, gallery = (random.integers(-3, 4, (n, 8)).astype(np.float32) for n in (20, 60))
    labels = [Labels(random.integers(0, 6, n), random.integers(0, 3, n)) for n in (20, 60)]
    table = np.sqrt(((query[:, None] - gallery[None]) ** 2).sum(axis=2))
    expected = rank(matrix_blocks(table), *labels)
    for block_size in (1, 7, 100):
        blocks = distance_blocks(query, gallery, metric="euclidean", block_size=block_size)
        result = rank(blocks, *labels)
        assert np.array_equal(result.average_precision, expected.average_precision, equal_nan=True)


def test_reranked_distances_can_be_ranked() -> None:
    random = np.random.default_rng(0)
    centers = random.standard_normal((8, 16), dtype=np.float32)
    person_ids = np.arange(64) % 8
    features = centers[person_ids] + random.standard_normal((64, 16), dtype=np.float32)
    query, gallery = Labels(person_ids[:16]), Labels(person_ids[16:])
    plain = rank(distance_blocks(features[:16], features[16:]), query, gallery)
    blocks = rerank_blocks(features[:16], features[16:], k1=8, k2=3, block_size=5)
    again = rank(blocks, query, gallery)
    assert plain.mean_average_precision < again.mean_average_precision <= 1


def test_a_single_shot_protocol_is_refused() -> None:
    table, query, gallery = random_problem()
    with pytest.raises(InvalidInputError, match="Use expected_single_shot"):
        rank(matrix_blocks(table), query, gallery, protocol=SINGLE_GALLERY_SHOT)


def test_an_unknown_average_precision_is_refused() -> None:
    table, query, gallery = random_problem()
    with pytest.raises(InvalidInputError, match=r"'area'\. Choose one of mean, trapezoid"):
        rank(matrix_blocks(table), query, gallery, ap="area")  # type: ignore[arg-type]


@pytest.mark.parametrize("max_rank", [0, -5])
def test_max_rank_below_one_is_refused(max_rank: int) -> None:
    table, query, gallery = random_problem()
    with pytest.raises(InvalidInputError, match=f"max_rank is {max_rank}"):
        rank(matrix_blocks(table), query, gallery, max_rank=max_rank)
