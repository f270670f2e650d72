"""Paints skin, face and hair."""

import numpy as np

from reid_align.synth.arrays import Floats, Mask
from reid_align.synth.body.fields import Fields
from reid_align.synth.people.cover import scalp_height
from reid_align.synth.people.outfit import Looks

# Places on the mean head, in meters: half the distance of the eyes, and heights.
_EYE_X, _EYE_Z, _BROW_Z, _MOUTH_Z = 0.031, 0.904, 0.924, 0.838


def paint_skin(looks: Looks, fields: Fields) -> Floats:
    """Return (N, 3) display colors of the bare body."""
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
    # Cheeks, nose and ears are redder, eye sockets and the underside of the chin darker.
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


def paint_hair(looks: Looks, fields: Fields) -> Floats:
    """Return (N, 3) display colors of hair, at all points; lighter strands over darker ones."""
    # Strands show on dark hair; on light hair as strong a change would look like wool.
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
