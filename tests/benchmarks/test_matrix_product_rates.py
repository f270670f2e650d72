"""What the machine can do at most: which libraries are asked."""

import sys

import pytest
import torch

from benchmarks.speed.matrix_product_rates import matrix_product_rates
from reid_align.inference.parallelism import Parallelism

CPU, LANE = torch.device("cpu"), Parallelism(1, 1)


def test_skipped_library_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    # Importing it would now raise.
    monkeypatch.setitem(sys.modules, "openvino", None)
    rates = matrix_product_rates(CPU, LANE, 0.01, 1, (16,), skip=["memory", "openvino"])
    assert {dtype: set(found) for dtype, found in rates.items()} == {
        "float32": {"torch", "oneDNN"}, "bfloat16": {"torch", "oneDNN"},
    }  # fmt: skip
    assert min(min(found.values()) for found in rates.values()) > 0
    with pytest.raises(ImportError):
        matrix_product_rates(CPU, LANE, 0.01, 1, (16,))
