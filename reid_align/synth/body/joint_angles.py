"""Joint angles of legs and arms for walking, running, standing and holding things."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from reid_align.synth.array_types import Floats

PoseKind = Literal["walk", "stand", "run", "frontal", "cycle", "push"]
POSE_KINDS: tuple[PoseKind, ...] = ("walk", "stand", "run", "frontal", "cycle", "push")
WITH_BICYCLE: tuple[PoseKind, ...] = ("cycle", "push")
STEPPING: tuple[PoseKind, ...] = ("walk", "push", "run")
# Forward lean of the trunk in degrees.
LEAN: dict[PoseKind, float] = {"walk": 2.0, "push": 5.0, "run": 9.0, "cycle": 26.0}
# Sagittal joint angles in degrees at equal steps of a gait cycle, which starts at heel strike.
# Source: textbook curves of normal gait, as in Perry & Burnfield, "Gait Analysis".
_WALK_HIP = (30, 25, 17, 8, -2, -9, -4, 14, 28, 33)
_WALK_KNEE = (4, 15, 15, 8, 5, 12, 37, 60, 48, 15)
_WALK_ANKLE = (0, -4, 4, 8, 11, 6, -15, -8, 0, 2)
_RUN_HIP = (35, 25, 8, -8, -15, -5, 15, 35, 48, 46)
_RUN_KNEE = (25, 42, 35, 22, 25, 60, 95, 105, 85, 45)


@dataclass(frozen=True)
class Posture:
    """Posture and gait of an avatar in all images; angles in degrees.

    Attributes:
        stoop: forward bend of the trunk.
        toe_out: outward rotation of the feet.
        stride: relative step length, 1 is average.
        arm_swing: amplitude of the arm swing.
        spread: angle between arms and trunk.
    """

    stoop: float
    toe_out: float
    stride: float
    arm_swing: float
    spread: float


def sample_posture(rng: np.random.Generator) -> Posture:
    """Draw posture and gait."""
    return Posture(
        stoop=float(rng.normal(3, 3)),
        toe_out=float(rng.normal(6, 4)),
        stride=float(np.clip(rng.normal(0.95, 0.12), 0.6, 1.25)),
        arm_swing=float(np.clip(rng.normal(19, 7), 3, 38)),
        spread=float(np.clip(rng.normal(9, 3), 4, 18)),
    )


def leg_angles(
    rng: np.random.Generator, posture: Posture, kind: PoseKind, moment: float
) -> tuple[float, float, float]:
    """Return hip flexion, knee flexion and ankle dorsiflexion in degrees."""

    def curve(values: tuple[int, ...]) -> float:
        return float(np.interp(moment, np.arange(len(values)) / len(values), values, period=1.0))

    if kind == "frontal":
        return 0.0, 0.0, 0.0
    if kind == "cycle":
        lift = float(np.cos(2 * np.pi * moment))
        return 64 + 20 * lift, 72 + 30 * lift, 5.0
    if kind in ("walk", "push"):
        hip, knee, ankle = curve(_WALK_HIP), curve(_WALK_KNEE), curve(_WALK_ANKLE)
        return posture.stride * hip, posture.stride * knee + 2, posture.stride * ankle
    if kind == "run":
        return curve(_RUN_HIP), curve(_RUN_KNEE), 0.0
    relaxed = rng.random() < 0.25
    hip, knee = rng.normal((15, 28), (5, 8)) if relaxed else rng.normal((2, 3), (3, 3))
    return float(hip), abs(float(knee)), float(rng.normal(0, 2))


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
# Directions of the left upper and lower arm: outwards, backwards, up.
_HOLDING: dict[ArmStyle, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
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
        rng: random generator of the variation between images.
        style: action of the arm.
        kind: action of the legs; arms swing opposite to them.
        moment: phase of the gait cycle of the leg on the same side, in [0, 1).
        swing: amplitude of the arm swing in degrees.
        spread: angle between arm and trunk in degrees.
    """
    if style in _HOLDING:
        upper, lower = (np.array(direction) for direction in _HOLDING[style])
        return upper + rng.normal(0, 0.09, 3), lower + rng.normal(0, 0.09, 3)
    if kind == "frontal":
        return _in_plane(0.0, 14.0), _in_plane(6.0, 10.0)
    reach = 38.0 if kind == "run" else swing if style == "swing" else 0.25 * swing
    moving = kind in ("walk", "run")
    # At moment 0 the leg of the same side is in front, so the arm is behind.
    back = np.cos(2 * np.pi * moment) if moving else 0.0
    flexion = -reach * back + float(rng.normal(3, 3))
    elbow = 80.0 if kind == "run" else 12 + 8 * (1 - back) / 2 + abs(float(rng.normal(0, 7)))
    side = spread + float(rng.normal(0, 2))
    return _in_plane(flexion, side), _in_plane(flexion + elbow, 0.4 * side)


def _in_plane(forward: float, outward: float) -> Floats:
    """Return the direction of an arm raised forwards and outwards by angles in degrees."""
    f, o = np.radians(forward), np.radians(outward)
    return np.array([np.sin(o), -np.sin(f) * np.cos(o), -np.cos(f) * np.cos(o)])
