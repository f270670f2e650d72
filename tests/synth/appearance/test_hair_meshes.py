from dataclasses import replace

import numpy as np

from reid_align.synth.appearance.garment_cover import garment_cover
from reid_align.synth.appearance.garment_meshes import clothed_body
from reid_align.synth.appearance.hair_meshes import hair_meshes
from reid_align.synth.appearance.material_strip import Materials
from reid_align.synth.appearance.outfit import HairStyle, Outfit
from reid_align.synth.appearance.outfit_sampling import sample_outfit
from reid_align.synth.body.body_asset import load_asset
from reid_align.synth.body.skinned_body import sample_body
from reid_align.synth.body.surface_fields import vertex_fields

ASSET, FIELDS = load_asset(), vertex_fields()


def outfit(seed: int, style: HairStyle, length: float = 0.55) -> Outfit:
    drawn = sample_outfit(np.random.default_rng(seed), female=True)
    return replace(
        drawn, headwear="none", looks=replace(drawn.looks, style=style, hair_length=length)
    )


def hair_points(seed: int, length: float = 0.55) -> np.ndarray:
    """Return the corners (F, 3, 3) of the triangles of long hair."""
    rng = np.random.default_rng(seed)
    body, worn = sample_body(ASSET, rng), outfit(seed, "long", length)
    (mesh,) = hair_meshes(ASSET, body, worn, Materials(rng))
    return mesh.vertices[mesh.faces]


def test_long_hair_has_the_given_length() -> None:
    low = [hair_points(1, length)[..., 2].min() for length in (0.5, 0.6, 0.7)]
    np.testing.assert_allclose(np.diff(low), 0.1, atol=0.05)


def test_long_hair_ends_raggedly() -> None:
    for seed in range(5):
        behind = hair_points(seed).reshape(-1, 3)
        behind = behind[behind[:, 1] > 0]
        columns = np.round(behind[:, 0] / 0.03).astype(int)
        ends = [behind[columns == column, 2].min() for column in np.unique(columns)]
        assert np.ptp(ends) > 0.02


def test_long_hair_is_over_the_cloth_on_the_back() -> None:
    for seed in range(5):
        body, worn = sample_body(ASSET, np.random.default_rng(seed)), outfit(seed, "long")
        cloth = clothed_body(ASSET, body, worn, FIELDS, garment_cover(worn, FIELDS)).vertices
        cloth = cloth[FIELDS.on("torso") & ~FIELDS.front]
        low = hair_points(seed).mean(1)
        low = low[(np.abs(low[:, 0]) < 0.08) & (low[:, 2] < cloth[:, 2].max() - 0.08)]
        assert len(low) > 10
        nearest = np.abs(low[:, None, [0, 2]] - cloth[None][..., [0, 2]]).max(-1).argmin(1)
        assert (low[:, 1] > cloth[nearest, 1]).mean() > 0.9


def test_number_of_meshes_of_each_hair_style() -> None:
    rng = np.random.default_rng(0)
    body = sample_body(ASSET, rng)
    counts = {
        style: len(hair_meshes(ASSET, body, outfit(1, style), Materials(rng)))
        for style in ("bald", "short", "bun", "ponytail", "medium")
    }
    assert counts == {"bald": 0, "short": 0, "bun": 1, "ponytail": 1, "medium": 1}
