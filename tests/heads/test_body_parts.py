import torch

from reid_align import body_atlas
from reid_align.heads.body_parts import BODY_PARTS, FRONT_BACK, LEFT_RIGHT, PARTS, merge


def test_the_table_covers_the_parts_once_and_in_order() -> None:
    ids = [part for surfaces in BODY_PARTS.values() for sides in surfaces for part in sides]
    assert ids == list(range(1, 25))
    assert PARTS == 24


def test_the_table_agrees_with_the_atlas() -> None:
    regions: dict[str, dict[str | None, tuple[int, ...]]] = {}
    for part in body_atlas.PARTS:
        faces = regions.setdefault(part.region, {})
        faces[part.face] = (*faces.get(part.face, ()), part.id)
    assert {region: tuple(faces.values()) for region, faces in regions.items()} == BODY_PARTS


def test_the_merges_go_from_24_to_13_to_8() -> None:
    assert (sum(LEFT_RIGHT), len(LEFT_RIGHT)) == (24, 13)
    assert (sum(FRONT_BACK), len(FRONT_BACK)) == (13, 8)


def test_the_merges_sum_the_parts_in_the_table() -> None:
    maps = torch.randn(2, 24, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    merged = merge(merge(maps, LEFT_RIGHT), FRONT_BACK)
    assert merged.shape == (2, 8, 3, 4, 5)
    for position, surfaces in enumerate(BODY_PARTS.values()):
        expected = torch.zeros(2, 3, 4, 5)
        for sides in surfaces:
            for part in sides:
                expected += maps[:, part - 1]
        torch.testing.assert_close(merged[:, position], expected)


def test_densepose_parts_of_one_limb_are_merged() -> None:
    numbered = torch.arange(1.0, 25.0).view(1, 24, 1, 1, 1)
    surfaces = merge(numbered, LEFT_RIGHT)
    assert surfaces.flatten().tolist() == [1, 2, 7, 11, 15, 19, 23, 27, 31, 35, 39, 43, 47]
    assert merge(surfaces, FRONT_BACK).flatten().tolist() == [3, 7, 11, 34, 50, 66, 82, 47]
