from dataclasses import replace

import numpy as np
import pytest

from reid_align.synth.appearance.garment_cover import garment_cover
from reid_align.synth.appearance.garment_meshes import clothed_body, drape_outwards
from reid_align.synth.appearance.outfit import Outfit
from reid_align.synth.appearance.outfit_sampling import sample_outfit
from reid_align.synth.body.body_asset import load_asset
from reid_align.synth.body.skinned_body import sample_body
from reid_align.synth.body.surface_fields import vertex_fields

FIELDS = vertex_fields()


def waisted(height: np.ndarray) -> np.ndarray:
    """Return a radius that is large at the top and bottom and small in the middle."""
    return 0.1 + 0.08 * np.cos(2 * np.pi * height)


def rings() -> np.ndarray:
    height, turn = np.meshgrid(np.linspace(0, 1, 161), np.linspace(0, 2 * np.pi, 90)[:-1])
    radius = waisted(height)
    points = np.stack([radius * np.sin(turn) + 0.3, radius * np.cos(turn), height], -1)
    return points.reshape(-1, 3)


@pytest.mark.parametrize("slope", [0.0, 0.1, 0.5])
def test_cloth_falls_from_the_widest_part_above(slope: float) -> None:
    points = rings()
    before = points.copy()
    drape_outwards(points, np.ones(len(points), bool), np.array([[0.3, 0.0]]), slope)
    found = np.hypot(points[:, 0] - 0.3, points[:, 1])
    levels = np.linspace(0, 1, 2001)
    for height in (0.05, 0.3, 0.5, 0.7, 0.95):
        above = levels[levels >= height]
        carried = (waisted(above) - slope * (above - height)).max()
        ring = np.abs(before[:, 2] - height) < 0.004
        np.testing.assert_allclose(found[ring], carried, atol=0.012)
    np.testing.assert_array_equal(points[:, 2], before[:, 2])


def test_only_cloth_moves_and_only_outwards() -> None:
    points = rings()
    before, cloth = points.copy(), np.arange(len(points)) % 3 > 0
    drape_outwards(points, cloth, np.array([[0.3, 0.0]]), 0.05)
    np.testing.assert_array_equal(points[~cloth], before[~cloth])
    radius = [np.hypot(p[:, 0] - 0.3, p[:, 1]) for p in (before, points)]
    assert (radius[1] >= radius[0] - 1e-12).all()
    drape_outwards(points, np.zeros(len(points), bool), np.array([[0.3, 0.0]]), 0.05)


def trousers(looseness: float, cut: str) -> Outfit:
    outfit = sample_outfit(np.random.default_rng(4), female=False)
    shape = {"looseness": looseness, "flare": 0.0, "length": 2.0}
    return replace(outfit, bottom=replace(outfit.bottom, cut=cut, **shape))


def shin_width(outfit: Outfit) -> float:
    body = sample_body(load_asset(), np.random.default_rng(2))
    mesh = clothed_body(load_asset(), body, outfit, FIELDS, garment_cover(outfit, FIELDS))
    shin = (np.abs(FIELDS.leg - 1.7) < 0.05) & (mesh.vertices[:, 0] > 0)
    return float(np.ptp(mesh.vertices[shin, 0]))


def test_loose_trousers_do_not_follow_the_shin() -> None:
    tight, loose = shin_width(trousers(0.001, "leggings")), shin_width(trousers(0.03, "wide"))
    assert tight < 0.14
    assert loose > tight + 0.06 + 0.03
    assert tight < shin_width(trousers(0.01, "jeans")) < loose
