from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from reid_align.uv import IUV

torch.set_num_threads(1)

DEVICES = [
    "cpu",
    *([pytest.param("cuda", marks=pytest.mark.gpu)] if torch.cuda.is_available() else []),
]


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> torch.device:
    return torch.device(request.param)


@pytest.fixture
def make_iuv() -> Callable[..., IUV]:
    """All parts and coordinates, including extremes, at about half of the pixels."""

    def make(seed: int, *shape: int) -> IUV:
        generator = torch.Generator().manual_seed(seed)
        parts = torch.randint(-24, 25, shape, generator=generator).clamp(min=0)
        coordinates = torch.randint(-60, 316, (2, *shape), generator=generator).clamp(0, 255)
        planes = torch.stack((parts, *coordinates), dim=-3).to(torch.uint8)
        return IUV(planes * (parts > 0).unsqueeze(-3))

    return make


@pytest.fixture
def make_image() -> Callable[..., Tensor]:
    def make(seed: int, *shape: int) -> Tensor:
        generator = torch.Generator().manual_seed(1000 + seed)
        shape = (*shape[:-2], 3, *shape[-2:])
        return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)

    return make
