"""Finite values, found by the ends of their range, as torch finds them one by one."""

import math

import pytest
import torch

from reid_align.finite import all_finite


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("value", [0.0, -1.5, math.nan, math.inf, -math.inf])
def test_it_says_what_isfinite_says(dtype: torch.dtype, value: float) -> None:
    for place in (0, 3, 99):
        values = torch.linspace(-4, 4, 100).to(dtype)
        values[place] = value
        assert all_finite(values) == bool(values.isfinite().all()) == math.isfinite(value)
        assert all_finite(values.reshape(10, 10).T) == math.isfinite(value)


@pytest.mark.parametrize("values", [torch.empty(0), torch.tensor(3), torch.tensor([True])])
def test_no_values_and_whole_numbers_are_finite(values: torch.Tensor) -> None:
    assert all_finite(values)


def test_numbers_without_an_order_are_looked_at_too() -> None:
    assert all_finite(torch.tensor([1 + 2j]))
    assert not all_finite(torch.tensor([complex(1, math.nan)]))
    assert all_finite(torch.ones(3).to(torch.uint16))
