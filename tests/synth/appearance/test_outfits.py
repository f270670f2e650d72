from dataclasses import replace

import numpy as np
import pytest

from reid_align.synth.appearance.color_palettes import sample_color
from reid_align.synth.appearance.fabrics import (
    draw_print,
    paint_fabric,
    sample_fabric,
    sample_print,
)
from reid_align.synth.appearance.garment_cover import garment_cover
from reid_align.synth.appearance.look_alikes import vary_outfit
from reid_align.synth.appearance.outfit_sampling import sample_outfit
from reid_align.synth.appearance.texture_painting import (
    paint_creases,
    paint_hair,
    paint_skin,
    paint_texture,
)
from reid_align.synth.body.body_asset import load_asset
from reid_align.synth.body.surface_fields import body_canvas, vertex_fields

WEAVES = ("plain", "heather", "denim", "stripes", "pinstripes", "check", "plaid", "dots",
          "floral", "camouflage", "blocks", "fade")  # fmt: skip


def draw(count: int) -> list:
    rng = np.random.default_rng(0)
    return [sample_outfit(rng, bool(index % 2)) for index in range(count)]


def test_clothes_are_mostly_dark_and_muted() -> None:
    rng = np.random.default_rng(0)
    colors = np.stack([sample_color(rng, "upper") for _ in range(2000)])
    saturation = np.ptp(colors, axis=1)
    assert np.median(saturation) < 0.1
    assert (saturation > 0.35).mean() < 0.1
    assert (colors.max(1) < 0.3).mean() > 0.4
    assert (colors.min(1) > 0.7).mean() > 0.05


def test_most_outfits_have_a_bag() -> None:
    outfits = draw(600)
    assert 0.6 < np.mean([bool(outfit.bags) for outfit in outfits]) < 0.8
    backpacks = [any(bag.kind == "backpack" for bag in outfit.bags) for outfit in outfits]
    assert np.mean(backpacks) > 0.25


@pytest.mark.parametrize("fields", [vertex_fields(), body_canvas().fields])
def test_garments_do_not_overlap(fields: object) -> None:
    for outfit in draw(40):
        found = garment_cover(outfit, fields)
        garments = (
            found.top,
            found.inner,
            found.bottom,
            found.socks,
            found.shoes,
            found.hat,
            found.hair,
        )
        assert np.sum(garments, axis=0).max() == 1


def test_every_outfit_covers_the_hips() -> None:
    fields = vertex_fields()
    hips = fields.on("torso") & (np.abs(fields.position[:, 2] - 0.15) < 0.05)
    for outfit in draw(200):
        found = garment_cover(outfit, fields)
        assert (found.top | found.inner | found.bottom)[hips].all()


@pytest.mark.parametrize("weave", WEAVES)
def test_fabrics_show_their_colors_and_stay_in_range(weave: str) -> None:
    rng = np.random.default_rng(5)
    fields = body_canvas().fields
    for _ in range(5):
        fabric = sample_fabric(rng, "upper", weave)
        color = paint_fabric(fabric, fields)
        assert color.shape == (len(fields.part), 3)
        assert 0 <= color.min() <= color.max() <= 1
        spread = color.std(0).max()
        assert spread > 0.01 if weave in ("stripes", "check", "dots") else spread < 0.5


def test_textures_fill_the_whole_image() -> None:
    outfit = draw(1)[0]
    texture = paint_texture(outfit, body_canvas())
    assert texture.shape == (256, 256, 3)
    assert texture.dtype == np.uint8
    assert (paint_texture(outfit, body_canvas()) == texture).all()
    creases = paint_creases(outfit, body_canvas())
    assert 100 < creases.mean() < 156
    assert creases.std() > 2


def test_most_look_alikes_differ_in_a_part_of_the_texture() -> None:
    rng = np.random.default_rng(3)
    same = []
    for outfit in draw(30):
        other = vary_outfit(outfit, rng, female=False)
        one, two = (paint_texture(o, body_canvas()).astype(int) for o in (outfit, other))
        same.append((np.abs(one - two).max(-1) < 12).mean())
    assert np.median(same) > 0.5
    assert np.mean(np.array(same) < 0.999) > 0.8


def test_prints_are_reproducible() -> None:
    rng = np.random.default_rng(7)
    for _ in range(30):
        design = sample_print(rng, np.float32([0.1, 0.1, 0.1]), on_back=False)
        canvas = draw_print(design)
        assert canvas.shape == (64, 64, 4)
        assert (canvas == draw_print(design)).all()
        assert canvas[..., 3].any()


def test_hair_has_lighter_and_darker_locks() -> None:
    canvas = body_canvas()
    for outfit in draw(12):
        hair = garment_cover(outfit, canvas.fields).hair
        shown = paint_hair(outfit.looks, canvas.fields)[hair].mean(1)
        assert 0.05 < shown.std() / shown.mean() < 0.5


def test_face_parameters_change_only_the_face() -> None:
    canvas, outfit = body_canvas(), draw(2)[1]
    looks = replace(outfit.looks, glasses=None, beard=False)
    faces = [
        paint_skin(replace(looks, face=np.full(6, value)), canvas.fields) for value in (-1.5, 1.5)
    ]
    changed = np.abs(faces[1] - faces[0]).max(1) > 0.05
    assert changed.sum() > 40
    assert canvas.fields.on("head")[changed].all()
    assert (canvas.fields.position[changed, 1] < -0.1).all()


def test_cloth_is_darker_below_the_hem_of_a_top() -> None:
    canvas = body_canvas()
    height, thigh = canvas.fields.position[:, 2], canvas.fields.on("torso", "upper_leg")
    ratios = []
    for outfit in draw(40):
        shade = paint_creases(outfit, canvas)[canvas.valid].astype(float)
        below = garment_cover(outfit, canvas.fields).bottom & thigh
        drop = outfit.top.hem - height
        near, far = below & (drop > 0) & (drop < 0.03), below & (drop > 0.15) & (drop < 0.25)
        if near.sum() > 50 and far.sum() > 50:
            ratios.append(shade[near].mean() / shade[far].mean())
    assert len(ratios) > 10
    assert 0.6 < np.mean(ratios) < 0.9


def test_texels_of_long_hair_show_hair() -> None:
    asset, canvas = load_asset(), body_canvas()
    column, row = np.round(asset.hair.texels.mean(1)).astype(int).T
    read = canvas.fill(np.arange(len(canvas.fields.part)))[row, column]
    for outfit in draw(60):
        if outfit.looks.style in ("medium", "long") and outfit.headwear == "none":
            covered = garment_cover(outfit, canvas.fields)
            behind = canvas.fields.position[read, 1] > -0.02
            assert covered.hair[read[behind]].mean() > 0.97
