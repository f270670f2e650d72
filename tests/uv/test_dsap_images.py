from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.preprocess import Preprocess
from reid_align.uv import IUV, MEAN_COLOR, Collision, part_images

MakeIUV = Callable[..., IUV]
MakeImage = Callable[..., Tensor]


def pixel_by_pixel(image: Tensor, iuv: IUV, size: int, collision: Collision) -> Tensor:
    """Reference implementation: a loop over pixels in reading order with exact fractions."""
    cells: dict[tuple[int, int, int], list[np.ndarray]] = {}
    for y in range(image.shape[1]):
        for x in range(image.shape[2]):
            part, u, v = (int(value) for value in iuv.planes[:, y, x])
            row, column = (min(int(Fraction(level, 255) * size), size - 1) for level in (u, v))
            if part:
                color = image[:, y, x].numpy().astype(np.float64)
                cells.setdefault((part - 1, row, column), []).append(color)
    result = np.empty((24, 3, size, size), np.float32)
    result[:] = np.asarray(MEAN_COLOR).reshape(3, 1, 1)
    for (part, row, column), colors in cells.items():
        color = np.mean(colors, axis=0) if collision == "mean" else colors[-1]
        result[part, :, row, column] = color
    return torch.from_numpy(result)


@pytest.mark.parametrize("collision", ["mean", "last"])
@pytest.mark.parametrize("size", [1, 4, 17, 32])
@pytest.mark.parametrize("seed", range(3))
def test_part_images_equal_a_pixel_loop(
    make_iuv: MakeIUV,
    make_image: MakeImage,
    device: torch.device,
    seed: int,
    size: int,
    collision: Collision,
) -> None:
    iuv, image = make_iuv(seed, 40, 20), make_image(seed, 40, 20)
    found = part_images(image.to(device), IUV(iuv.planes.to(device)), size, collision)
    assert found.dtype == torch.float32
    assert torch.equal(found.cpu(), pixel_by_pixel(image, iuv, size, collision))


@pytest.mark.parametrize("collision", ["mean", "last"])
def test_floating_point_images_keep_their_fractions(
    make_iuv: MakeIUV, make_image: MakeImage, collision: Collision
) -> None:
    iuv, image = make_iuv(5, 30, 10), make_image(5, 30, 10) / 7
    found = part_images(image, iuv, 8, collision)
    torch.testing.assert_close(found, pixel_by_pixel(image, iuv, 8, collision), atol=1e-5, rtol=0)


@pytest.mark.parametrize("collision", ["mean", "last"])
def test_a_batch_equals_its_single_images(
    make_iuv: MakeIUV, make_image: MakeImage, collision: Collision
) -> None:
    iuv, images = make_iuv(6, 2, 3, 12, 10), make_image(6, 2, 3, 12, 10)
    batch = part_images(images, iuv, 8, collision)
    assert batch.shape == (2, 3, 24, 3, 8, 8)
    single = part_images(images[1, 2], IUV(iuv.planes[1, 2]), 8, collision)
    assert torch.equal(batch[1, 2], single)


def test_an_empty_batch_gives_an_empty_batch() -> None:
    planes = torch.zeros(0, 3, 4, 4, dtype=torch.uint8)
    assert part_images(planes, IUV(planes)).shape == (0, 24, 3, 32, 32)


def test_the_last_row_and_column_take_coordinate_one() -> None:
    planes = torch.tensor([24, 255, 255], dtype=torch.uint8).view(3, 1, 1)
    image = torch.tensor([1, 2, 3], dtype=torch.uint8).view(3, 1, 1)
    found = part_images(image, IUV(planes), fill=(0, 0, 0))
    assert found[23, :, 31, 31].tolist() == [1, 2, 3]
    assert found.count_nonzero() == 3


def test_rows_follow_u_and_columns_follow_v() -> None:
    planes = torch.tensor([5, 100, 200], dtype=torch.uint8).view(3, 1, 1)
    found = part_images(torch.full((3, 1, 1), 9, dtype=torch.uint8), IUV(planes), fill=(0, 0, 0))
    assert found[4, 0].nonzero().tolist() == [[12, 25]]


def test_the_last_writer_is_the_last_in_reading_order() -> None:
    planes = torch.tensor([7, 0, 0], dtype=torch.uint8).view(3, 1, 1).expand(3, 2, 2)
    image = torch.arange(4, dtype=torch.uint8).view(1, 2, 2).expand(3, 2, 2)
    assert part_images(image, IUV(planes), 1, "last")[6].unique().tolist() == [3]
    assert part_images(image, IUV(planes), 1, "mean")[6].unique().tolist() == [1.5]


@pytest.mark.parametrize("collision", ["mean", "last"])
def test_an_image_without_a_person_gives_zeros_after_normalization(
    make_image: MakeImage, collision: Collision
) -> None:
    iuv = IUV(torch.zeros(3, 16, 8, dtype=torch.uint8))
    found = part_images(make_image(0, 16, 8), iuv, collision=collision)
    assert torch.equal(Preprocess().normalize(found), torch.zeros(24, 3, 32, 32))


def test_empty_cells_are_filled_with_the_given_color() -> None:
    planes = torch.zeros(3, 2, 2, dtype=torch.uint8)
    found = part_images(planes, IUV(planes), fill=(1.5, 2.5, 3.5))
    assert found[0, :, 0, 0].tolist() == [1.5, 2.5, 3.5]


@pytest.mark.parametrize("collision", ["mean", "last"])
@pytest.mark.parametrize("scale", [1, 1 / 7])
def test_results_are_reproducible(
    make_iuv: MakeIUV,
    make_image: MakeImage,
    device: torch.device,
    collision: Collision,
    scale: float,
) -> None:
    iuv, images = make_iuv(8, 4, 64, 32), make_image(8, 4, 64, 32)
    images = images if scale == 1 else images * scale
    expected = part_images(images, iuv, 4, collision)
    on_device = IUV(iuv.planes.to(device))
    for _ in range(3):
        assert torch.equal(part_images(images.to(device), on_device, 4, collision).cpu(), expected)


def test_deterministic_mode_is_supported(
    make_iuv: MakeIUV, make_image: MakeImage, device: torch.device
) -> None:
    iuv, image = IUV(make_iuv(9, 16, 8).planes.to(device)), make_image(9, 16, 8).to(device)
    torch.set_deterministic_debug_mode("error")
    try:
        mean, last = part_images(image, iuv), part_images(image, iuv, collision="last")
    finally:
        torch.set_deterministic_debug_mode("default")
    assert torch.equal(mean, part_images(image, iuv))
    assert torch.equal(last, part_images(image, iuv, collision="last"))


def test_an_image_of_another_size_is_refused(make_iuv: MakeIUV, make_image: MakeImage) -> None:
    with pytest.raises(InvalidInputError, match=r"\(3, 8, 4\) and the dense pose maps \(3, 8, 5\)"):
        part_images(make_image(0, 8, 4), make_iuv(0, 8, 5))


def test_an_unknown_collision_is_refused(make_iuv: MakeIUV, make_image: MakeImage) -> None:
    with pytest.raises(InvalidInputError, match="Choose one of mean, last"):
        part_images(make_image(0, 8, 4), make_iuv(0, 8, 4), collision="first")


def test_a_size_below_one_is_refused(make_iuv: MakeIUV, make_image: MakeImage) -> None:
    with pytest.raises(InvalidInputError, match="size is 0"):
        part_images(make_image(0, 8, 4), make_iuv(0, 8, 4), size=0)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_image_that_is_not_finite_is_refused(
    make_iuv: MakeIUV, make_image: MakeImage, value: float
) -> None:
    image = make_image(0, 8, 4).float()
    image[1, 3, 2] = value
    with pytest.raises(InvalidInputError, match="NaN or infinity"):
        part_images(image, make_iuv(0, 8, 4))
