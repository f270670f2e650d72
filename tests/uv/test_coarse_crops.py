from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.uv import IUV, MEAN_COLOR, part_crops

MakeIUV = Callable[..., IUV]
MakeImage = Callable[..., Tensor]
MEAN = torch.tensor(MEAN_COLOR).view(3, 1, 1)


def one_part(part: int) -> IUV:
    """Return a 10×12 map with an L-shaped part in rows 2 to 5 and columns 3 to 8."""
    planes = torch.zeros(3, 10, 12, dtype=torch.uint8)
    planes[0, 2:6, 3] = part
    planes[0, 5, 3:9] = part
    return IUV(planes)


def test_a_crop_is_the_tight_box_with_other_pixels_in_the_mean_color(
    make_image: MakeImage,
) -> None:
    image = make_image(0, 10, 12)
    box = image[:, 2:6, 3:9].float()
    inside = torch.zeros(4, 6, dtype=torch.bool)
    inside[:, 0] = inside[3] = True
    masked = torch.where(inside, box, MEAN)
    crops = part_crops(image, one_part(9), size=24)
    for channel in range(3):
        # Pillow resizes 32-bit images without rounding: an independent bilinear filter.
        resized = Image.fromarray(masked[channel].numpy()).resize((24, 24), Image.BILINEAR)
        np.testing.assert_allclose(crops[8, channel].numpy(), np.asarray(resized), atol=1e-2)


def test_without_masking_the_context_stays(make_image: MakeImage) -> None:
    image = make_image(0, 10, 12)
    planes = torch.zeros(3, 10, 12, dtype=torch.uint8)
    planes[0, 0, 0] = planes[0, 3, 3] = 14
    crops = part_crops(image, IUV(planes), size=4, mask_crop=False)
    torch.testing.assert_close(crops[13], image[:, :4, :4].float())
    masked = part_crops(image, IUV(planes), size=4)[13]
    torch.testing.assert_close(masked[:, 1, 2], MEAN.flatten())
    torch.testing.assert_close(masked[:, 3, 3], image[:, 3, 3].float())


def test_invisible_parts_are_filled(make_image: MakeImage) -> None:
    crops = part_crops(make_image(0, 10, 12), one_part(9))
    unseen = [part - 1 for part in range(1, 25) if part != 9]
    assert torch.equal(crops[unseen], MEAN.expand(23, 3, 32, 32))
    assert not torch.equal(crops[8], MEAN.expand(3, 32, 32))


def test_a_batch_gives_the_crops_of_its_images(
    make_iuv: MakeIUV, make_image: MakeImage, device: torch.device
) -> None:
    iuv, images = make_iuv(2, 2, 2, 10, 8), make_image(2, 2, 2, 10, 8)
    batch = part_crops(images.to(device), IUV(iuv.planes.to(device)), size=8).cpu()
    assert batch.shape == (2, 2, 24, 3, 8, 8)
    single = part_crops(images[1, 0], IUV(iuv.planes[1, 0]), size=8)
    torch.testing.assert_close(batch[1, 0], single, atol=1e-3, rtol=0)


def test_an_image_of_another_size_is_refused(make_image: MakeImage) -> None:
    with pytest.raises(InvalidInputError, match="Both must have the same shape"):
        part_crops(make_image(0, 12, 10), one_part(9))


def test_a_size_below_one_is_refused(make_image: MakeImage) -> None:
    with pytest.raises(InvalidInputError, match="size is 0"):
        part_crops(make_image(0, 10, 12), one_part(9), size=0)
