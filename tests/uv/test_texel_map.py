import pytest
import torch
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.uv import TexelMap, mirror_texture

HEIGHT, WIDTH = 6, 8


def random_pairing(seed: int) -> TexelMap:
    """Return a random map: some texels paired, some their own mirror texel, the rest unused."""
    order = torch.randperm(HEIGHT * WIDTH, generator=torch.Generator().manual_seed(seed))
    first, second, alone = order[:18], order[18:36], order[36:42]
    sources = torch.full((HEIGHT * WIDTH,), -1)
    sources[first], sources[second], sources[alone] = second, first, alone
    sources = sources.view(HEIGHT, WIDTH)
    return TexelMap(sources, sources >= 0)


def random_texture(*lead: int) -> Tensor:
    return torch.rand(*lead, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(7))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("lead", [(), (2,)])
def test_mirroring_a_texture_twice_is_the_identity(seed: int, lead: tuple[int, ...]) -> None:
    texels, texture = random_pairing(seed), random_texture(*lead)
    mirrored = mirror_texture(texture, texels)
    assert not torch.equal(mirrored, texture)
    assert torch.equal(mirror_texture(mirrored, texels), texture)


def test_texels_take_their_source_and_unused_ones_stay() -> None:
    texels, texture = random_pairing(0), random_texture()
    mirrored = mirror_texture(texture, texels)
    for row in range(HEIGHT):
        for column in range(WIDTH):
            source = (row, column)
            if texels.valid[row, column]:
                source = divmod(int(texels.sources[row, column]), WIDTH)
            assert torch.equal(mirrored[:, row, column], texture[:, source[0], source[1]])


def test_a_symmetric_atlas_is_mirrored_by_flipping_the_texture() -> None:
    texels = TexelMap.symmetric(torch.ones(HEIGHT, WIDTH, dtype=torch.bool))
    texture = (random_texture() * 255).to(torch.uint8)
    assert torch.equal(mirror_texture(texture, texels), texture.flip(-1))


def test_a_symmetric_atlas_needs_a_symmetric_mask() -> None:
    valid = torch.ones(HEIGHT, WIDTH, dtype=torch.bool)
    valid[2, 1] = False
    with pytest.raises(InvalidInputError, match="1 of 47 valid texels do not map back"):
        TexelMap.symmetric(valid)


def test_a_map_that_is_not_its_own_inverse_is_refused() -> None:
    sources = torch.arange(HEIGHT * WIDTH).view(HEIGHT, WIDTH).roll(1, 0)
    with pytest.raises(InvalidInputError, match="48 of 48 valid texels do not map back"):
        TexelMap(sources, torch.ones(HEIGHT, WIDTH, dtype=torch.bool))


@pytest.mark.parametrize("outside", [-1, HEIGHT * WIDTH])
def test_sources_outside_the_atlas_are_refused(outside: int) -> None:
    sources = torch.arange(HEIGHT * WIDTH).view(HEIGHT, WIDTH)
    sources[0, 0] = outside
    with pytest.raises(InvalidInputError, match="outside the atlas of 48 texels"):
        TexelMap(sources, torch.ones(HEIGHT, WIDTH, dtype=torch.bool))


@pytest.mark.parametrize(
    ("sources", "valid"),
    [
        (torch.zeros(2, 2), torch.ones(2, 2, dtype=torch.bool)),
        (torch.zeros(2, 2, dtype=torch.int64), torch.ones(2, 2)),
    ],
)
def test_other_dtypes_are_refused(sources: Tensor, valid: Tensor) -> None:
    with pytest.raises(InvalidInputError, match=r"must be torch\.int64 and torch\.bool"):
        TexelMap(sources, valid)


@pytest.mark.parametrize(("sources", "valid"), [((4,), (4,)), ((2, 2), (2, 3))])
def test_other_shapes_are_refused(sources: tuple[int, ...], valid: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInputError, match=r"must have the shape \(H, W\)"):
        TexelMap(torch.zeros(sources, dtype=torch.int64), torch.ones(valid, dtype=torch.bool))


def test_a_texture_of_another_size_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="Height and width must match"):
        mirror_texture(random_texture()[..., :-1], random_pairing(0))
