"""Paints skin, face and hair."""

import numpy as np

from reid_align.synth.arrays import Floats, Mask
from reid_align.synth.cover import scalp_height
from reid_align.synth.fields import Fields
from reid_align.synth.outfit import Looks

# Places on the mean head, in metres: half the distance of the eyes, and heights.
_EYE_X, _EYE_Z, _BROW_Z, _MOUTH_Z = 0.031, 0.904, 0.924, 0.838


def paint_skin(looks: Looks, fields: Fields) -> Floats:
    """Return (N, 3) display colours of the bare body."""
    field = int(looks.hairline * 7.99)
    colour = looks.skin * (1 + 0.035 * fields.blotches[field][:, None])
    x, y, z = fields.position.T
    face = fields.on("head") & (y < -0.1)
    sideways = np.abs(x)
    _blend(
        colour,
        face & (np.hypot((sideways - _EYE_X) / 0.015, (z - _EYE_Z) / 0.007) < 1),
        np.array([0.13, 0.11, 0.1], np.float32),
        0.85,
    )
    brow = face & (np.abs(sideways - _EYE_X) < 0.02) & (np.abs(z - _BROW_Z) < 0.005)
    _blend(colour, brow, looks.hair, 0.8)
    mouth = face & (np.hypot(x / 0.024, (z - _MOUTH_Z) / 0.008) < 1)
    _blend(colour, mouth, looks.skin * np.array([0.85, 0.55, 0.55], np.float32), 0.8)
    # Cheeks, nose and ears are redder, eye sockets and the underside of the chin darker.
    colour[face] *= np.array([1.03, 0.97, 0.96], np.float32)
    _blend(colour, face & (np.abs(z - 0.912) < 0.02) & (sideways < 0.055), looks.skin * 0.7, 0.35)
    if looks.beard:
        height, angle = scalp_height(fields)
        beard = fields.on("head") & (angle < 0.42) & (height > 0.08) & (height < 0.42)
        _blend(colour, beard & ~mouth, looks.hair, 0.65)
    if looks.glasses is not None:
        distance = np.hypot((sideways - _EYE_X) / 0.026, (z - _EYE_Z) / 0.018)
        rim = np.abs(distance - 1) < 0.22
        arm = (np.abs(z - _EYE_Z - 0.005) < 0.004) & (sideways > 0.05) & (y < 0.0)
        _blend(colour, fields.on("head") & ((face & rim) | arm), looks.glasses, 0.9)
    return np.asarray(colour)


def paint_hair(looks: Looks, fields: Fields) -> Floats:
    """Return (N, 3) display colours of hair, at all points; lighter strands over darker ones."""
    # Strands show on dark hair; on light hair as strong a change would look like wool.
    strength = 0.07 + 0.1 * (1 - float(looks.hair.mean()))
    strands = strength * (fields.grain[0] + 0.6 * fields.blotches[3])
    stubble = looks.style in ("buzz", "bald")
    hair = looks.hair + 0.35 * (looks.skin - looks.hair) if stubble else looks.hair
    return np.asarray(hair * (1 + strands[:, None]), np.float32)


def _blend(colour: Floats, where: Mask, other: Floats, opacity: float) -> None:
    colour[where] += opacity * (other - colour[where])
