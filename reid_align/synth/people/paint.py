"""Paints an outfit into the texture of the body."""

import numpy as np

from reid_align.synth.arrays import Floats, Mask, Pixels
from reid_align.synth.body.fields import NECK, Canvas, Fields
from reid_align.synth.people.cover import Cover, cover
from reid_align.synth.people.fabric import paint_fabric
from reid_align.synth.people.face import paint_hair, paint_skin
from reid_align.synth.people.outfit import Bag, Outfit, Top
from reid_align.synth.people.prints import stamp


def paint_texture(outfit: Outfit, canvas: Canvas) -> Pixels:
    """Return the texture (256, 256, 3), display colors without any light or shade.

    Texels that show no point of the body repeat the nearest one that does.
    """
    fields = canvas.fields
    covered = cover(outfit, fields)
    color = paint_skin(outfit.looks, fields)
    _put(color, covered.hair, paint_hair(outfit.looks, fields))
    _paint_legs(outfit, fields, covered, color)
    _paint_top(outfit.top, fields, covered, color)
    _put(color, covered.hat, outfit.hat_color * (1 + 0.04 * fields.grain[2][:, None]))
    if outfit.headwear == "hood":
        color[covered.hat] = outfit.top.fabric.colors[0]
    for bag in outfit.bags:
        _paint_straps(bag, fields, color)
    texture = canvas.fill(color.clip(0, 1) * 255)
    return np.round(texture).astype(np.uint8)


def paint_creases(outfit: Outfit, canvas: Canvas) -> Pixels:
    """Return (256, 256) the shade of creased cloth: 128 is none, 255 twice as bright."""
    fields, rng = canvas.fields, np.random.default_rng(outfit.creases)
    covered = cover(outfit, fields)
    cloth = covered.top | covered.inner | covered.bottom
    first, second = rng.choice(10, 2, replace=False)
    # Ridges rather than hills: cloth lies smooth and folds sharply.
    ridges = 1.2 * np.abs(fields.creases[first]) - 0.9 + 0.6 * fields.creases[second]
    ridges += 1.1 * np.abs(fields.folds[int(rng.integers(6))]) - 0.8
    joints = np.exp(-(((fields.arm - 1) / 0.22) ** 2)) + np.exp(-(((fields.leg - 1) / 0.16) ** 2))
    ends = (fields.leg > 1.7) | (np.abs(fields.arm - 1.85) < 0.15)
    loose = np.where(covered.bottom, outfit.bottom.looseness, outfit.top.looseness)
    depth = (0.09 + 4.0 * loose) * (0.7 + 0.8 * joints + 0.7 * ends)
    broad = 0.07 * fields.blotches[int(rng.integers(8))]
    shade = np.where(cloth, 1 + depth * ridges + broad, 1 + 0.3 * broad)
    shade *= _contact(outfit, fields, covered)
    return np.round(canvas.fill(128 * shade.clip(0.35, 1.7))).astype(np.uint8)


def _contact(outfit: Outfit, fields: Fields, covered: Cover) -> Floats:
    """Return (N,) how little light gets below the hem of a top, between the legs and to a neck."""
    below = (outfit.top.hem - fields.position[:, 2]).clip(0, None)
    hem = 0.35 * np.exp(-below / 0.035) * covered.bottom
    between = 0.3 * (1 - fields.across / 0.35).clip(0, 1) * fields.on("upper_leg", "lower_leg")
    chin = 0.3 * np.exp(-(((fields.position[:, 2] - NECK - 0.03) / 0.03) ** 2)) * ~covered.hair
    return np.asarray((1 - hem) * (1 - between) * (1 - chin * fields.on("head")))


def _put(color: Floats, where: Mask, other: Floats) -> None:
    color[where] = other[where]


def _paint_legs(outfit: Outfit, fields: Fields, covered: Cover, color: Floats) -> None:
    bottom, shoes = outfit.bottom, outfit.shoes
    cloth = paint_fabric(bottom.fabric, fields)
    if bottom.stripe is not None:
        lateral = np.where(fields.on("upper_leg", "lower_leg"), fields.across, 0) > 0.86
        cloth[lateral] = bottom.stripe
    _put(color, covered.bottom, cloth)
    belt = covered.bottom & (np.abs(fields.position[:, 2] - bottom.waist) < 0.018)
    color[belt & (bottom.cut != "leggings")] *= 0.55
    color[covered.socks] = shoes.socks
    leather = shoes.color * (1 + 0.06 * fields.blotches[5][:, None])
    _put(color, covered.shoes, leather)
    color[covered.shoes & (fields.position[:, 2] < -0.8)] = shoes.sole


def _paint_top(top: Top, fields: Fields, covered: Cover, color: Floats) -> None:
    cloth = paint_fabric(top.fabric, fields)
    x, _, z = fields.position.T
    torso = fields.on("torso")
    if top.sleeve_color is not None:
        cloth[fields.arm >= 0] = top.sleeve_color
    if top.trim is not None:
        edge = (fields.arm > top.sleeve - 0.1) | (torso & (z < top.hem + 0.025))
        cloth[edge] = top.trim
    worn = covered.top | covered.inner
    _put(color, worn, cloth)
    if top.inner is not None:
        _put(color, covered.inner, paint_fabric(top.inner, fields))
    elif top.cut in ("shirt", "polo", "jacket", "coat"):
        low = 0.58 if top.cut == "polo" else top.hem
        placket = covered.top & torso & fields.front & (np.abs(x) < 0.007) & (z > low)
        color[placket] *= 0.72
    color[covered.top & fields.on("head")] *= 0.88
    for design in top.prints:
        stamp(color, design, fields, worn)


def _paint_straps(bag: Bag, fields: Fields, color: Floats) -> None:
    x, _, z = fields.position.T
    torso = fields.on("torso")
    if bag.kind == "backpack":
        strap = torso & (np.abs(np.abs(x) - 0.1) < 0.02) & ((fields.front & (z > 0.4)) | (z > 0.64))
    elif bag.kind == "cross":
        rises = bag.side * x * 0.9 + (z - 0.5) * 0.75
        strap = torso & (np.abs(rises) < 0.016) & (z > 0.22)
    elif bag.kind == "shoulder":
        strap = torso & (np.abs(bag.side * x - 0.135) < 0.014) & (z > 0.25)
    else:
        return
    color[strap & (z < NECK)] = bag.color * 0.85
