"""What arms do: directions of the upper and the lower arm for each style."""

from typing import Literal, get_args

import numpy as np

from reid_align.synth.arrays import Floats

ArmStyle = Literal[
    "hang",
    "swing",
    "pocket",
    "phone",
    "text",
    "strap",
    "carry",
    "hold",
    "crossed",
    "handlebar",
    "umbrella",
]
ARM_STYLES: tuple[ArmStyle, ...] = get_args(ArmStyle)
# Directions of upper and lower arm of the left side: outwards, backwards, up.
_FIXED: dict[ArmStyle, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "pocket": ((0.34, 0.22, -1.0), (-0.12, -0.35, -1.0)),
    "phone": ((0.42, -0.5, -0.8), (-0.35, -0.1, 1.0)),
    "text": ((0.16, -0.25, -1.0), (-0.5, -1.0, 0.25)),
    "strap": ((0.25, -0.3, -1.0), (-0.25, -0.45, 1.0)),
    "carry": ((0.16, 0.02, -1.0), (0.06, -0.05, -1.0)),
    "hold": ((0.2, -0.05, -1.0), (-0.55, -1.0, -0.15)),
    "handlebar": ((0.25, -0.7, -0.75), (-0.05, -0.95, -0.4)),
    "umbrella": ((0.2, -0.25, -1.0), (-0.3, -0.55, 1.0)),
    "crossed": ((0.22, -0.35, -1.0), (-1.0, -0.45, 0.22)),
}


def arm_directions(
    rng: np.random.Generator,
    style: ArmStyle,
    kind: str,
    moment: float,
    swing: float,
    spread: float,
) -> tuple[Floats, Floats]:
    """Return the directions of the left upper and lower arm, relative to the chest.

    Args:
        rng: source of the variation between images.
        style: what the arm does.
        kind: what the legs do; arms swing against them.
        moment: of the leg's own gait cycle, in [0, 1).
        swing: how far the arm swings, in degrees.
        spread: how far it is held from the trunk, in degrees.
    """
    if style in _FIXED:
        upper, lower = (np.array(direction) for direction in _FIXED[style])
        return upper + rng.normal(0, 0.09, 3), lower + rng.normal(0, 0.09, 3)
    if kind == "frontal":
        return _in_plane(0.0, 14.0), _in_plane(6.0, 10.0)
    reach = 38.0 if kind == "run" else swing if style == "swing" else 0.25 * swing
    moving = kind in ("walk", "run")
    # The arm is behind when the leg of the same side is in front, at moment 0.
    back = np.cos(2 * np.pi * moment) if moving else 0.0
    flexion = -reach * back + float(rng.normal(3, 3))
    elbow = 80.0 if kind == "run" else 12 + 8 * (1 - back) / 2 + abs(float(rng.normal(0, 7)))
    side = spread + float(rng.normal(0, 2))
    return _in_plane(flexion, side), _in_plane(flexion + elbow, 0.4 * side)


def _in_plane(forward: float, outward: float) -> Floats:
    """A direction that is lifted from hanging down, forwards and outwards in degrees."""
    f, o = np.radians(forward), np.radians(outward)
    return np.array([np.sin(o), -np.sin(f) * np.cos(o), -np.cos(f) * np.cos(o)])
