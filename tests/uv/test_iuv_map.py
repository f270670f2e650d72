import numpy as np
import pytest
import torch

from reid_align.errors import InvalidInputError
from reid_align.uv import IUV


def test_planes_are_part_u_and_v() -> None:
    planes = torch.tensor([24, 128, 255], dtype=torch.uint8).view(3, 1, 1).expand(3, 4, 2)
    iuv = IUV(planes)
    assert iuv.parts.shape == (4, 2)
    assert (iuv.parts[0, 0], iuv.u[0, 0], iuv.v[0, 0]) == (24, 128, 255)


@pytest.mark.parametrize(
    "planes",
    [
        torch.zeros(3, 4, 2),
        torch.zeros(4, 2, 3, dtype=torch.uint8),
        torch.zeros(4, 2, dtype=torch.uint8),
        torch.zeros(3, 0, 2, dtype=torch.uint8),
        np.zeros((3, 4, 2), np.uint8),
    ],
    ids=["float", "channels last", "one plane", "no rows", "numpy"],
)
def test_other_types_dtypes_and_shapes_are_refused(planes: torch.Tensor) -> None:
    with pytest.raises(InvalidInputError, match=r"Pass a uint8 tensor \(\.\.\., 3, H, W\)"):
        IUV(planes)


def test_planes_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="goes up to 25, but the highest part number is 24"):
        IUV(torch.tensor([25, 0, 0], dtype=torch.uint8).view(3, 1, 1))


def test_is_empty_is_computed_per_map() -> None:
    planes = torch.zeros(2, 3, 4, 2, dtype=torch.uint8)
    planes[1, 0, 3, 1] = 7
    assert IUV(planes).is_empty.tolist() == [True, False]
    assert bool(IUV(planes[0]).is_empty)
    assert not bool(IUV(planes[1]).is_empty)


def test_from_charts_rounds_clamps_and_clears_the_background() -> None:
    parts = torch.tensor([[1, 2, 3, 0]])
    u = torch.tensor([[0.5, -0.2, 1.3, 0.7]])
    v = torch.tensor([[1 / 255, 0.999, 1.0, float("nan")]])
    iuv = IUV.from_charts(parts, u, v)
    assert iuv.planes.tolist() == [[[1, 2, 3, 0]], [[128, 0, 255, 0]], [[1, 255, 255, 0]]]


def test_from_charts_keeps_every_stored_coordinate() -> None:
    levels = torch.arange(256, dtype=torch.uint8).view(1, 256)
    iuv = IUV.from_charts(torch.ones(1, 256, dtype=torch.int32), levels / 255, levels / 255)
    assert torch.equal(iuv.u, levels)
    assert torch.equal(iuv.v, levels)


def test_from_charts_accepts_batches() -> None:
    parts = torch.full((2, 5, 4, 3), 24)
    assert IUV.from_charts(parts, parts / 24, parts / 48).planes.shape == (2, 5, 3, 4, 3)


@pytest.mark.parametrize("value", [-1, 25, 256])
def test_from_charts_refuses_part_numbers_outside_the_list(value: int) -> None:
    zeros = torch.zeros(1, 1)
    with pytest.raises(InvalidInputError, match="values outside 0 to 24"):
        IUV.from_charts(torch.full((1, 1), value), zeros, zeros)


def test_from_charts_refuses_parts_that_are_not_whole_numbers() -> None:
    zeros = torch.zeros(1, 1)
    with pytest.raises(InvalidInputError, match=r"dtype torch\.float32"):
        IUV.from_charts(zeros, zeros, zeros)


@pytest.mark.parametrize("plane", [0, 1])
def test_from_charts_refuses_coordinates_that_are_not_finite(plane: int) -> None:
    charts = torch.zeros(2, 1, 1)
    charts[plane] = float("inf")
    with pytest.raises(InvalidInputError, match="u or v of a body pixel is NaN"):
        IUV.from_charts(torch.ones(1, 1, dtype=torch.uint8), *charts)


@pytest.mark.parametrize("plane", [0, 1])
def test_from_charts_refuses_stored_coordinates(plane: int) -> None:
    charts = [torch.zeros(1, 1), torch.zeros(1, 1)]
    charts[plane] = torch.zeros(1, 1, dtype=torch.uint8)
    with pytest.raises(InvalidInputError, match="Pass floating point"):
        IUV.from_charts(torch.ones(1, 1, dtype=torch.uint8), *charts)


def test_from_charts_refuses_planes_of_different_shapes() -> None:
    parts = torch.ones(2, 3, dtype=torch.uint8)
    with pytest.raises(InvalidInputError, match=r"\(2, 3\), \(2, 3\), \(3, 2\)"):
        IUV.from_charts(parts, torch.zeros(2, 3), torch.zeros(3, 2))
