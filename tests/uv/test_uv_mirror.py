from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.uv import (
    IUV,
    Collision,
    mirror_iuv,
    mirror_part_crops,
    mirror_part_images,
    part_crops,
    part_images,
)

MakeIUV = Callable[..., IUV]
MakeImage = Callable[..., Tensor]
SEEDS = range(5)


@pytest.mark.parametrize("shape", [(9, 7), (2, 8, 6), (2, 1, 5, 5)])
def test_mirroring_a_map_twice_is_the_identity(
    make_iuv: MakeIUV, device: torch.device, shape: tuple[int, ...]
) -> None:
    iuv = IUV(make_iuv(0, *shape).planes.to(device))
    assert torch.equal(mirror_iuv(mirror_iuv(iuv)).planes, iuv.planes)


def test_mirrored_map_by_hand() -> None:
    planes = torch.tensor([[[1, 3, 24, 0]], [[10, 20, 30, 0]], [[40, 50, 60, 0]]])
    mirrored = mirror_iuv(IUV(planes.to(torch.uint8))).planes
    assert mirrored.tolist() == [[[0, 23, 4, 1]], [[0, 30, 20, 10]], [[0, 60, 50, 215]]]


def test_mirroring_does_not_modify_its_input(make_iuv: MakeIUV) -> None:
    iuv, stack = make_iuv(1, 6, 6), torch.rand(24, 3, 4, 4)
    before, stack_before = iuv.planes.clone(), stack.clone()
    mirror_iuv(iuv), mirror_part_images(stack), mirror_part_crops(stack)
    assert torch.equal(iuv.planes, before)
    assert torch.equal(stack, stack_before)


@pytest.mark.parametrize("mirror", [mirror_part_images, mirror_part_crops])
@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
def test_mirroring_part_images_twice_is_the_identity(
    mirror: Callable[[Tensor], Tensor], lead: tuple[int, ...]
) -> None:
    stack = torch.randint(0, 256, (*lead, 24, 3, 5, 5), dtype=torch.uint8)
    mirrored = mirror(stack)
    assert not torch.equal(mirrored, stack)
    assert torch.equal(mirror(mirrored), stack)


@pytest.mark.parametrize("mirror", [mirror_part_images, mirror_part_crops])
@pytest.mark.parametrize("shape", [(23, 3, 4, 4), (3, 4, 4), (24, 4, 4)])
def test_stacks_without_24_parts_are_refused(
    mirror: Callable[[Tensor], Tensor], shape: tuple[int, ...]
) -> None:
    with pytest.raises(InvalidInputError, match=r"Pass \(\.\.\., 24, 3, S, S\)"):
        mirror(torch.zeros(shape))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size", [1, 8, 31, 32])
def test_part_images_of_the_mirrored_image_are_the_mirrored_part_images(
    make_iuv: MakeIUV, make_image: MakeImage, device: torch.device, seed: int, size: int
) -> None:
    iuv = IUV(make_iuv(seed, 2, 40, 24).planes.to(device))
    images = make_image(seed, 2, 40, 24).to(device)
    mirrored = part_images(images.flip(-1), mirror_iuv(iuv), size)
    assert torch.equal(mirrored, mirror_part_images(part_images(images, iuv, size)))


@pytest.mark.parametrize("collision", ["mean", "last"])
def test_without_collisions_both_modes_mirror_exactly(
    make_image: MakeImage, collision: Collision
) -> None:
    part, row, column = torch.meshgrid(
        torch.arange(1, 25), torch.arange(4), torch.arange(4), indexing="ij"
    )
    iuv = IUV.from_charts(*(x.reshape(24, 16) for x in (part, (row + 0.5) / 4, (column + 0.5) / 4)))
    images = make_image(3, 24, 16)
    direct = part_images(images, iuv, 4, collision)
    mirrored = part_images(images.flip(-1), mirror_iuv(iuv), 4, collision)
    assert torch.equal(mirrored, mirror_part_images(direct))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mask_crop", [True, False])
def test_part_crops_of_the_mirrored_image_are_the_mirrored_part_crops(
    make_iuv: MakeIUV, make_image: MakeImage, seed: int, mask_crop: bool
) -> None:
    iuv, images = make_iuv(seed, 12, 8), make_image(seed, 12, 8)
    mirrored = part_crops(images.flip(-1), mirror_iuv(iuv), 16, mask_crop)
    expected = mirror_part_crops(part_crops(images, iuv, 16, mask_crop))
    torch.testing.assert_close(mirrored, expected, atol=1e-3, rtol=0)
