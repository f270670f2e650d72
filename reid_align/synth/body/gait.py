"""How people walk, run and stand: joint angles of the legs, and personal habits."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["walk", "stand", "run", "frontal", "cycle", "push"]
KINDS: tuple[Kind, ...] = ("walk", "stand", "run", "frontal", "cycle", "push")
WITH_BICYCLE: tuple[Kind, ...] = ("cycle", "push")
STEPPING: tuple[Kind, ...] = ("walk", "push", "run")
# How far the trunk leans forward, in degrees.
LEAN: dict[Kind, float] = {"walk": 2.0, "push": 5.0, "run": 9.0, "cycle": 26.0}
# Sagittal joint angles in degrees at equal steps of a gait cycle that starts when the heel touches
# the ground. Source: textbook curves of normal gait, as in Perry & Burnfield, "Gait Analysis".
_WALK_HIP = (30, 25, 17, 8, -2, -9, -4, 14, 28, 33)
_WALK_KNEE = (4, 15, 15, 8, 5, 12, 37, 60, 48, 15)
_WALK_ANKLE = (0, -4, 4, 8, 11, 6, -15, -8, 0, 2)
_RUN_HIP = (35, 25, 8, -8, -15, -5, 15, 35, 48, 46)
_RUN_KNEE = (25, 42, 35, 22, 25, 60, 95, 105, 85, 45)


@dataclass(frozen=True)
class Posture:
    """How a person carries themselves in all images: angles in degrees.

    Attributes:
        stoop: forward bend of the trunk.
        toe_out: how far the feet point outwards.
        stride: length of the steps, 1 is average.
        arm_swing: how far the arms swing, in degrees.
        spread: how far the arms are held from the trunk.
    """

    stoop: float
    toe_out: float
    stride: float
    arm_swing: float
    spread: float


def sample_posture(rng: np.random.Generator) -> Posture:
    """Draw a person's habits."""
    return Posture(
        stoop=float(rng.normal(3, 3)),
        toe_out=float(rng.normal(6, 4)),
        stride=float(np.clip(rng.normal(0.95, 0.12), 0.6, 1.25)),
        arm_swing=float(np.clip(rng.normal(19, 7), 3, 38)),
        spread=float(np.clip(rng.normal(9, 3), 4, 18)),
    )


def leg_angles(
    rng: np.random.Generator, posture: Posture, kind: Kind, moment: float
) -> tuple[float, float, float]:
    """Return flexion of hip and knee and dorsiflexion of the ankle in degrees."""

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
