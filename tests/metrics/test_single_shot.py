import numpy as np
import pytest
from naive_metrics import naive_single_shot

from reid_align.errors import InvalidInputError
from reid_align.metrics import (
    ALL_IMAGES,
    CROSS_CAMERA,
    SINGLE_GALLERY_SHOT,
    Labels,
    Protocol,
    expected_single_shot,
    matrix_blocks,
    rank,
    sampled_single_shot,
    verify,
)

WITHOUT_CAMERAS = Protocol("one_image", drop_same_camera=False, single_gallery_shot=True)


def random_problem(
    levels: int = 0, seed: int = 0, cameras: int = 2
) -> tuple[np.ndarray, Labels, Labels]:
    random = np.random.default_rng(seed)
    table = random.random((8, 14), np.float32)
    if levels:
        table = np.floor(table * levels)
    query, gallery = (
        Labels(random.integers(-1, 5, n), random.integers(0, cameras, n), random.integers(0, 30, n))
        for n in (8, 14)
    )
    return table, query, gallery


@pytest.mark.parametrize("protocol", [SINGLE_GALLERY_SHOT, WITHOUT_CAMERAS])
@pytest.mark.parametrize("block_size", [1, 3, 100])
@pytest.mark.parametrize("levels", [0, 1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_the_expectation_equals_the_mean_over_all_galleries(
    protocol: Protocol, block_size: int, levels: int, seed: int
) -> None:
    table, query, gallery = random_problem(levels, seed)
    blocks = matrix_blocks(table, block_size=block_size)
    result = expected_single_shot(blocks, query, gallery, protocol=protocol, max_rank=7)
    expected = naive_single_shot(table, query, gallery, protocol is SINGLE_GALLERY_SHOT, 7)
    valid = ~np.isnan(expected[:, 0])
    assert valid.any()
    np.testing.assert_allclose(result.hit_probability, expected, atol=1e-12)
    np.testing.assert_allclose(result.cmc, expected[valid].mean(axis=0), atol=1e-12)
    assert result.valid.tolist() == valid.tolist()
    assert result.valid_queries == valid.sum()
    assert result.protocol is protocol


def test_many_pairs_are_computed_as_few_at_a_time() -> None:
    random = np.random.default_rng(0)
    table = random.random((150, 120), np.float32)
    sides = [Labels(random.integers(0, 9, n), random.integers(0, 3, n)) for n in (150, 120)]
    at_once = expected_single_shot(matrix_blocks(table, block_size=150), *sides)
    by_query = expected_single_shot(matrix_blocks(table, block_size=1), *sides)
    assert verify(matrix_blocks(table), *sides).genuine_pairs > 1024
    np.testing.assert_allclose(at_once.hit_probability, by_query.hit_probability, atol=1e-12)


def test_the_expectation_by_hand() -> None:
    """Person 2 has one of two images ahead of the only image of person 1; person 3 has none."""
    table = np.array([[0.1, 0.2, 0.3, 0.4]], np.float32)
    sides = Labels(np.array([1])), Labels(np.array([2, 1, 2, 3]))
    result = expected_single_shot(
        matrix_blocks(table), *sides, protocol=WITHOUT_CAMERAS, max_rank=3
    )
    assert result.cmc.tolist() == [0.5, 1, 1]


@pytest.mark.parametrize("levels", [0, 3])
@pytest.mark.parametrize("protocol", [SINGLE_GALLERY_SHOT, WITHOUT_CAMERAS])
def test_many_draws_come_close_to_the_expectation(levels: int, protocol: Protocol) -> None:
    table, query, gallery = random_problem(levels, seed=5)
    blocks = matrix_blocks(table, block_size=3)
    exact = expected_single_shot(blocks, query, gallery, protocol=protocol, max_rank=6)
    drawn = sampled_single_shot(
        blocks, query, gallery, seed=0, repeats=4000, protocol=protocol, max_rank=6
    )
    assert 0 < exact.cmc[0] < 1
    np.testing.assert_allclose(drawn.cmc, exact.cmc, atol=0.015)
    for i in np.flatnonzero(exact.valid):
        for k in range(6):
            share = (drawn.first_hit[:, i] <= k + 1).mean()
            assert share == pytest.approx(exact.hit_probability[i, k], abs=0.04)


def test_draws_are_those_of_their_seed_whatever_the_blocks_and_repeats() -> None:
    table, query, gallery = random_problem(seed=1)
    few = sampled_single_shot(matrix_blocks(table), query, gallery, seed=3, repeats=5)
    blocks = matrix_blocks(table, block_size=1)
    many = sampled_single_shot(blocks, query, gallery, seed=3, repeats=20)
    other = sampled_single_shot(blocks, query, gallery, seed=4, repeats=20)
    assert few.first_hit.shape == (5, 8)
    assert np.array_equal(few.first_hit, many.first_hit[:5])
    assert not np.array_equal(other.first_hit, many.first_hit)


def test_a_draw_is_one_gallery_for_all_queries() -> None:
    """Two queries that see the gallery in the same order find the same in every draw."""
    random = np.random.default_rng(0)
    table = np.repeat(random.random((1, 30), np.float32), 2, axis=0)
    sides = Labels(np.array([0, 0])), Labels(random.integers(0, 5, 30))
    result = sampled_single_shot(
        matrix_blocks(table), *sides, seed=0, repeats=50, protocol=WITHOUT_CAMERAS
    )
    assert np.array_equal(result.first_hit[:, 0], result.first_hit[:, 1])
    assert len(set(result.first_hit[:, 0].tolist())) > 1


def test_the_cmc_of_draws_is_that_of_their_ranks() -> None:
    table, query, gallery = random_problem(seed=2)
    result = sampled_single_shot(matrix_blocks(table), query, gallery, seed=0, max_rank=4)
    valid = result.first_hit[0] > 0
    assert 0 < valid.sum() < 8
    assert result.valid_queries == valid.sum()
    assert result.cmc_of_draws.shape == (10, 4)
    for k in range(4):
        expected = (result.first_hit[:, valid] <= k + 1).mean(axis=1)
        np.testing.assert_allclose(result.cmc_of_draws[:, k], expected)
    np.testing.assert_allclose(result.cmc, result.cmc_of_draws.mean(axis=0))


def test_one_image_per_person_leaves_nothing_to_draw() -> None:
    random = np.random.default_rng(0)
    table = random.random((9, 9), np.float32)
    labels = Labels(np.arange(9))
    plain = rank(matrix_blocks(table), labels, labels, max_rank=20)
    exact = expected_single_shot(matrix_blocks(table), labels, labels, protocol=WITHOUT_CAMERAS)
    drawn = sampled_single_shot(
        matrix_blocks(table), labels, labels, seed=0, protocol=WITHOUT_CAMERAS
    )
    np.testing.assert_allclose(exact.cmc, plain.cmc, atol=1e-12)
    np.testing.assert_allclose(drawn.cmc_of_draws, np.tile(plain.cmc, (10, 1)), atol=1e-12)


@pytest.mark.parametrize(
    ("query", "gallery"), [([1], [2, 3]), ([1], []), ([], [1]), ([-1], [-1, 1]), ([], [])]
)
def test_without_a_valid_query_the_cmc_is_not_a_number(
    query: list[int], gallery: list[int]
) -> None:
    sides = [Labels(np.array(ids, np.int64)) for ids in (query, gallery)]
    table = matrix_blocks(np.zeros((len(query), len(gallery)), np.float32))
    exact = expected_single_shot(table, *sides, protocol=WITHOUT_CAMERAS, max_rank=3)
    drawn = sampled_single_shot(table, *sides, seed=0, protocol=WITHOUT_CAMERAS, max_rank=3)
    assert exact.valid_queries == drawn.valid_queries == 0
    assert np.isnan(exact.cmc).tolist() == np.isnan(drawn.cmc).tolist() == [True] * 3


def test_other_protocols_are_refused() -> None:
    table, query, gallery = random_problem()
    for protocol in (CROSS_CAMERA, ALL_IMAGES):
        with pytest.raises(InvalidInputError, match="use rank or verify"):
            expected_single_shot(matrix_blocks(table), query, gallery, protocol=protocol)
        with pytest.raises(InvalidInputError, match="use rank or verify"):
            sampled_single_shot(matrix_blocks(table), query, gallery, seed=0, protocol=protocol)


@pytest.mark.parametrize("count", [0, -1])
def test_no_rank_and_no_draw_are_refused(count: int) -> None:
    table, query, gallery = random_problem()
    blocks = matrix_blocks(table)
    with pytest.raises(InvalidInputError, match=f"max_rank {count}"):
        expected_single_shot(blocks, query, gallery, max_rank=count)
    with pytest.raises(InvalidInputError, match=f"max_rank {count}"):
        sampled_single_shot(blocks, query, gallery, seed=0, max_rank=count)
    with pytest.raises(InvalidInputError, match=f"repeats {count}"):
        sampled_single_shot(blocks, query, gallery, seed=0, repeats=count)
