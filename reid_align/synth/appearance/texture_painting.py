"""Painting of skin, face, hair and clothes into the body texture."""

import numpy as np

from reid_align.synth.appearance.fabrics import apply_print, paint_fabric
from reid_align.synth.appearance.garment_cover import GarmentCover, garment_cover, scalp_height
from reid_align.synth.appearance.outfit import Bag, Looks, Outfit, Top
from reid_align.synth.array_types import Floats, Mask, Pixels
from reid_align.synth.body.surface_fields import NECK, SurfaceFields, TextureCanvas


def paint_texture(outfit: Outfit, canvas: TextureCanvas) -> Pixels:
    """Return the texture (256, 256, 3): display colors without light and shade.

    Invalid texels repeat the nearest valid one.
    """
    fields = canvas.fields
    covered = garment_cover(outfit, fields)
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


def paint_creases(outfit: Outfit, canvas: TextureCanvas) -> Pixels:
    """Return the crease shading (256, 256): 128 is neutral, 255 is twice as bright."""
    fields, rng = canvas.fields, np.random.default_rng(outfit.creases)
    covered = garment_cover(outfit, fields)
    cloth = covered.top | covered.inner | covered.bottom
    first, second = rng.choice(10, 2, replace=False)
    # The absolute value gives sharp ridges between smooth areas.
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


def _contact(outfit: Outfit, fields: SurfaceFields, covered: GarmentCover) -> Floats:
    """Return the contact shading (N,) below the hem, between the legs and at the neck."""
    below = (outfit.top.hem - fields.position[:, 2]).clip(0, None)
    hem = 0.35 * np.exp(-below / 0.035) * covered.bottom
    between = 0.3 * (1 - fields.across / 0.35).clip(0, 1) * fields.on("upper_leg", "lower_leg")
    chin = 0.3 * np.exp(-(((fields.position[:, 2] - NECK - 0.03) / 0.03) ** 2)) * ~covered.hair
    return np.asarray((1 - hem) * (1 - between) * (1 - chin * fields.on("head")))


def _put(color: Floats, where: Mask, other: Floats) -> None:
    color[where] = other[where]


def _paint_legs(
    outfit: Outfit, fields: SurfaceFields, covered: GarmentCover, color: Floats
) -> None:
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


def _paint_top(top: Top, fields: SurfaceFields, covered: GarmentCover, color: Floats) -> None:
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
        apply_print(color, design, fields, worn)


def _paint_straps(bag: Bag, fields: SurfaceFields, color: Floats) -> None:
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


# Positions on the mean head in meters: half the distance of the eyes, and heights.
_EYE_X, _EYE_Z, _BROW_Z, _MOUTH_Z = 0.031, 0.904, 0.924, 0.838


def paint_skin(looks: Looks, fields: SurfaceFields) -> Floats:
    """Return the display colors (N, 3) of skin and face."""
    field = int(looks.hairline * 7.99)
    color = looks.skin * (1 + 0.035 * fields.blotches[field][:, None])
    x, y, z = fields.position.T
    face = fields.on("head") & (y < -0.1)
    sideways = np.abs(x)
    apart, brows, wide, full, red, deep = (float(value) for value in looks.face)
    eye_x = _EYE_X + 0.0025 * apart
    eye = np.hypot((sideways - eye_x) / 0.015, (z - _EYE_Z) / (0.007 + 0.001 * deep)) < 1
    _blend(color, face & eye, np.array([0.13, 0.11, 0.1], np.float32), 0.85)
    brow = (np.abs(sideways - eye_x) < 0.02) & (np.abs(z - _BROW_Z) < 0.005 + 0.0015 * brows)
    _blend(color, face & brow, looks.hair, 0.75 + 0.1 * brows)
    mouth = face & (
        np.hypot(x / (0.024 + 0.003 * wide), (z - _MOUTH_Z) / (0.008 + 0.0015 * full)) < 1
    )
    lips = looks.skin * np.array([0.85, 0.55 - 0.06 * red, 0.55 - 0.05 * red], np.float32)
    _blend(color, mouth, lips, 0.8)
    # The face is redder; eye sockets and the shadow under the nose are darker.
    color[face] *= np.array([1.03, 0.97, 0.96], np.float32)
    socket = face & (np.abs(z - 0.912) < 0.02) & (sideways < 0.055)
    _blend(color, socket, looks.skin * 0.7, 0.35 + 0.12 * deep)
    shadow = face & (np.abs(z - 0.862) < 0.006) & (sideways < 0.016)
    _blend(color, shadow, looks.skin * 0.62, 0.6)
    if looks.beard:
        height, angle = scalp_height(fields)
        beard = fields.on("head") & (angle < 0.42) & (height > 0.08) & (height < 0.42)
        _blend(color, beard & ~mouth, looks.hair, 0.65)
    if looks.glasses is not None:
        distance = np.hypot((sideways - eye_x) / 0.026, (z - _EYE_Z) / 0.018)
        rim = np.abs(distance - 1) < 0.22
        arm = (np.abs(z - _EYE_Z - 0.005) < 0.004) & (sideways > 0.05) & (y < 0.0)
        _blend(color, fields.on("head") & ((face & rim) | arm), looks.glasses, 0.9)
    return np.asarray(color)


def paint_hair(looks: Looks, fields: SurfaceFields) -> Floats:
    """Return the display colors (N, 3) of hair with lighter and darker strands."""
    # Weaker on light hair, which would look like wool.
    strength = 0.09 + 0.16 * (1 - float(looks.hair.mean()))
    field = int(looks.hairline * 5.99)
    strands = strength * (
        1.1 * fields.locks[field] + 0.4 * fields.grain[0] + 0.4 * fields.blotches[3]
    )
    stubble = looks.style in ("buzz", "bald")
    hair = looks.hair + 0.35 * (looks.skin - looks.hair) if stubble else looks.hair
    return np.asarray(hair * np.exp(strands)[:, None], np.float32)


def _blend(color: Floats, where: Mask, other: Floats, opacity: float) -> None:
    color[where] += opacity * (other - color[where])
