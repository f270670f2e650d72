"""Points of the body that each garment covers."""

from dataclasses import dataclass

import numpy as np

from reid_align.synth.appearance.outfit import Outfit, Top
from reid_align.synth.array_types import Floats, Mask
from reid_align.synth.body.surface_fields import NECK, SurfaceFields


@dataclass(frozen=True, eq=False)
class GarmentCover:
    """Masks (N,) of body points; a point belongs to at most one.

    Attributes:
        top: upper garment.
        inner: cloth under an open upper garment.
        bottom: lower garment.
        socks: socks.
        shoes: shoes.
        hair: hair.
        hat: headwear.
    """

    top: Mask
    inner: Mask
    bottom: Mask
    socks: Mask
    shoes: Mask
    hair: Mask
    hat: Mask


def garment_cover(outfit: Outfit, fields: SurfaceFields) -> GarmentCover:
    """Return the points that each garment of the outfit covers."""
    leg = fields.leg
    shoes = leg >= outfit.shoes.height
    hat = _under_hat(outfit, fields)
    hair = _hair(outfit, fields) & ~hat
    # Long hair falls over the collar.
    top = _top(outfit.top, fields) & ~hair
    inner = top & _opening(outfit.top, fields)
    bottom = ((leg >= 0) & (leg < outfit.bottom.length)) | (
        fields.on("torso") & (fields.position[:, 2] < outfit.bottom.waist)
    )
    bottom &= ~top & ~shoes
    socks = (leg >= outfit.shoes.sock_height) & ~shoes & ~bottom & ~top
    return GarmentCover(top & ~inner, inner, bottom, socks, shoes, hair, hat)


def scalp_height(fields: SurfaceFields) -> tuple[Floats, Floats]:
    """Return the height on the head (0 chin, 1 crown) and the angle from face (0) to nape (1)."""
    x, y, z = fields.position.T
    return (z - NECK) / 0.265, np.arctan2(np.abs(x), -(y + 0.055)) / np.pi


def _top(top: Top, fields: SurfaceFields) -> Mask:
    x, _, z = fields.position.T
    torso = fields.on("torso")
    covered = torso & (z > top.hem)
    covered |= (fields.arm >= 0) & (fields.arm < top.sleeve)
    covered |= fields.on("upper_leg", "lower_leg") & (z > top.hem) & (top.hem < 0.12)
    depth = top.neck if top.collar == 0 else 0.7 * top.neck
    covered &= ~(torso & fields.front & (np.hypot(x, z - 0.745) < depth))
    if top.cut == "tank":
        covered &= ~(torso & (np.abs(x) > 0.13) & (z > 0.6))
    if top.collar > 0:
        covered |= fields.on("head") & (z < NECK + top.collar)
    return np.asarray(covered)


def _opening(top: Top, fields: SurfaceFields) -> Mask:
    if top.inner is None:
        return np.zeros(len(fields.part), np.bool_)
    x, _, z = fields.position.T
    widening = 0.6 + 1.2 * ((z - 0.3) / 0.4).clip(0, 1)
    opened = fields.on("torso") & fields.front & (np.abs(x) < top.opening * widening)
    return np.asarray(opened)


def _hair(outfit: Outfit, fields: SurfaceFields) -> Mask:
    height, angle = scalp_height(fields)
    looks = outfit.looks
    brow = 0.67 + 0.17 * looks.hairline
    # Long hair takes its texture from the head, down to the neck.
    ear, side, nape = (-0.02,) * 3 if looks.style in ("medium", "long") else (0.5, 0.32, 0.24)
    line = np.interp(
        angle, (0, 0.25, 0.38, 0.48, 0.7, 1), (brow, brow - 0.03, 0.6, ear, side, nape)
    )
    # A ragged hairline.
    line += 0.022 * fields.locks[int(looks.hairline * 5.99)]
    if looks.style == "bald":
        # A ring of hair around the back of the head.
        return fields.on("head") & (height > line) & (height < 0.78) & (angle > 0.42)
    return fields.on("head") & (height > line)


def _under_hat(outfit: Outfit, fields: SurfaceFields) -> Mask:
    if outfit.headwear == "none":
        return np.zeros(len(fields.part), np.bool_)
    height, angle = scalp_height(fields)
    if outfit.headwear == "hood":
        return fields.on("head") & (
            height > np.interp(angle, (0, 0.25, 0.33, 1), (0.86, 0.8, -1, -1))
        )
    edge = (0.82, 0.7, 0.6) if outfit.headwear == "cap" else (0.76, 0.62, 0.5)
    return fields.on("head") & (height > np.interp(angle, (0, 0.4, 1), edge))
