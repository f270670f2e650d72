import numpy as np
import pytest

from reid_align.metrics.sparse_rows import SparseRows


def random_table(size: int, columns: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    table = random.random((size, columns), np.float32)
    table[random.random(table.shape) < 0.9] = 0
    return table


def sparse(table: np.ndarray) -> SparseRows:
    rows, columns = np.nonzero(table)
    return SparseRows.of(rows, len(table), columns, table[rows, columns])


def dense(rows: SparseRows, width: int) -> np.ndarray:
    table = np.zeros((len(rows.starts) - 1, width), np.float32)
    table[rows.rows(), rows.columns] = rows.weights
    return table


@pytest.mark.parametrize("size", [1, 5, 5000])
def test_averaged_rows_are_means_of_rows(size: int) -> None:
    table = random_table(size, min(size, 60))
    groups = np.random.default_rng(1).integers(0, size, (size, 3))
    averaged = sparse(table).averaged(groups)
    expected = table.astype(np.float64)[groups].mean(axis=1)
    np.testing.assert_allclose(dense(averaged, table.shape[1]), expected, rtol=1e-6)
    assert (averaged.weights > 0).all()


@pytest.mark.parametrize("first_row", [0, 3, 20])
def test_shared_is_the_sum_of_the_elementwise_minimum(first_row: int) -> None:
    table = random_table(20, 20)
    rows = sparse(table)
    others = rows.transposed(first_row)
    assert np.array_equal(dense(others, 20 - first_row), table[first_row:].T)
    for row in range(20):
        expected = np.minimum(table[row], table[first_row:]).sum(axis=1)
        np.testing.assert_allclose(rows.shared(row, others, 20 - first_row), expected, rtol=1e-6)
