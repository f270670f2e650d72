import numpy as np
import pytest
from naive_metrics import naive_sampled_single_shot, naive_single_shot

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


def test_block_size_does_not_change_the_expectation() -> None:
    random = np.random.default_rng(0)
    table = random.random((150, 120), np.float32)
    sides = [Labels(random.integers(0, 9, n), random.integers(0, 3, n)) for n in (150, 120)]
    at_once = expected_single_shot(matrix_blocks(table, block_size=150), *sides)
    by_query = expected_single_shot(matrix_blocks(table, block_size=1), *sides)
    assert verify(matrix_blocks(table), *sides).genuine_pairs > 1024
    np.testing.assert_allclose(at_once.hit_probability, by_query.hit_probability, atol=1e-12)


def test_the_expectation_by_hand() -> None:
    """Identity 2 has one of two images ahead of the image of identity 1; identity 3 has none."""
    table = np.array([[0.1, 0.2, 0.3, 0.4]], np.float32)
    sides = Labels(np.array([1])), Labels(np.array([2, 1, 2, 3]))
    result = expected_single_shot(
        matrix_blocks(table), *sides, protocol=WITHOUT_CAMERAS, max_rank=3
    )
    assert result.cmc.tolist() == [0.5, 1, 1]


@pytest.mark.parametrize("levels", [0, 3])
@pytest.mark.parametrize("protocol", [SINGLE_GALLERY_SHOT, WITHOUT_CAMERAS])
def test_the_mean_of_many_draws_approaches_the_expectation(levels: int, protocol: Protocol) -> None:
    table, query, gallery = random_problem(levels, seed=5)
    blocks = matrix_blocks(table, block_size=3)
    exact = expected_single_shot(blocks, query, gallery, protocol=protocol, max_rank=6)
    sampled = naive_sampled_single_shot(
        table, query, gallery, protocol is SINGLE_GALLERY_SHOT, 6, draws=2000
    )
    assert 0 < exact.cmc[0] < 1
    np.testing.assert_allclose(sampled, exact.hit_probability, atol=0.05)
    np.testing.assert_allclose(np.nanmean(sampled, axis=0), exact.cmc, atol=0.02)


def test_with_one_image_per_identity_the_expectation_is_the_plain_cmc() -> None:
    random = np.random.default_rng(0)
    table = random.random((9, 9), np.float32)
    labels = Labels(np.arange(9))
    plain = rank(matrix_blocks(table), labels, labels, max_rank=20)
    exact = expected_single_shot(matrix_blocks(table), labels, labels, protocol=WITHOUT_CAMERAS)
    np.testing.assert_allclose(exact.cmc, plain.cmc, atol=1e-12)


@pytest.mark.parametrize(
    ("query", "gallery"), [([1], [2, 3]), ([1], []), ([], [1]), ([-1], [-1, 1]), ([], [])]
)
def test_without_a_valid_query_the_cmc_is_not_a_number(
    query: list[int], gallery: list[int]
) -> None:
    sides = [Labels(np.array(ids, np.int64)) for ids in (query, gallery)]
    table = matrix_blocks(np.zeros((len(query), len(gallery)), np.float32))
    exact = expected_single_shot(table, *sides, protocol=WITHOUT_CAMERAS, max_rank=3)
    assert exact.valid_queries == 0
    assert np.isnan(exact.cmc).tolist() == [True] * 3


def test_other_protocols_are_refused() -> None:
    table, query, gallery = random_problem()
    for protocol in (CROSS_CAMERA, ALL_IMAGES):
        with pytest.raises(InvalidInputError, match="Use rank or verify"):
            expected_single_shot(matrix_blocks(table), query, gallery, protocol=protocol)


@pytest.mark.parametrize("count", [0, -1])
def test_max_rank_below_one_is_refused(count: int) -> None:
    table, query, gallery = random_problem()
    with pytest.raises(InvalidInputError, match=f"max_rank is {count}"):
        expected_single_shot(matrix_blocks(table), query, gallery, max_rank=count)
