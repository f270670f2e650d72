"""Poses of pedestrians."""

from dataclasses import dataclass

import numpy as np

from reid_align.synth.array_types import Floats, Integers
from reid_align.synth.body.joint_angles import (
    ARM_STYLES,
    LEAN,
    POSE_KINDS,
    STEPPING,
    WITH_BICYCLE,
    ArmStyle,
    PoseKind,
    Posture,
    arm_directions,
    leg_angles,
)
from reid_align.synth.rendering.rotations import pitch, roll, rotation_between, yaw

_DOWN = np.array([0.0, 0.0, -1.0])


@dataclass(frozen=True, eq=False)
class Pose:
    """Pose in one image.

    Attributes:
        kind: action of the legs.
        arms: actions of the left and the right arm.
        phase: phase of the gait cycle, in [0, 1).
        rotations: (B, 3, 3) float64 rotations of the bones from rest, in body axes.
    """

    kind: PoseKind
    arms: tuple[ArmStyle, ArmStyle]
    phase: float
    rotations: Floats


class PoseSampler:
    """Samples poses for one rest body.

    Args:
        bones: bone names.
        parents: (B,) parents come first.
        heads: (B, 3) start points of the bones at rest.
    """

    def __init__(self, bones: tuple[str, ...], parents: Integers, heads: Floats) -> None:
        self._bones, self._parents = bones, parents
        self._heads = dict(zip(bones, heads.astype(np.float64), strict=True))

    def sample(
        self,
        rng: np.random.Generator,
        posture: Posture,
        kind: PoseKind,
        arms: tuple[ArmStyle, ArmStyle],
        phase: float | None = None,
    ) -> Pose:
        """Draw a pose of one kind, with these actions of the left and the right arm.

        The phase of the gait cycle, in [0, 1), is drawn unless it is given.
        """
        if kind == "frontal":
            arms = ("hang", "hang")
        # Drawn in any case: the other random numbers do not depend on it.
        drawn = float(rng.random())
        phase = drawn if phase is None else phase
        swing = posture.stride * np.cos(2 * np.pi * phase) if kind in STEPPING else 0.0
        named = self._trunk(rng, posture, kind, 7 * swing)
        self._head(rng, named, kind, looks_down="text" in arms)
        for side, offset, style in (("L", 0.0, arms[0]), ("R", 0.5, arms[1])):
            moment = (phase + offset) % 1
            self._leg(rng, named, posture, kind, side, moment)
            self._arm(rng, named, posture, kind, side, moment, style)
        return Pose(kind, arms, phase, self._complete(named))

    def _trunk(
        self, rng: np.random.Generator, posture: Posture, kind: PoseKind, twist: float
    ) -> dict[str, Floats]:
        calm = kind == "frontal"
        lean = LEAN.get(kind, 0.0) + posture.stoop * (not calm)
        sway = 0.0 if calm else float(rng.normal(0, 1.5))
        turn = 0.0 if calm else -0.5 * twist + float(rng.normal(0, 3))
        # A forward lean is a positive pitch of the root.
        root = yaw(turn) @ pitch(0.4 * lean) @ roll(sway)
        named: dict[str, Floats] = {"root": root}
        for share, bone in zip(
            (0.1, 0.3, 0.55, 0.8, 1.0),
            ("spine05", "spine04", "spine03", "spine02", "spine01"),
            strict=True,
        ):
            named[bone] = yaw(turn + 1.4 * twist * share) @ pitch(lean * (0.4 + 0.6 * share))
        return named

    def _head(
        self, rng: np.random.Generator, named: dict[str, Floats], kind: PoseKind, looks_down: bool
    ) -> None:
        turn, nod = (0.0, 0.0) if kind == "frontal" else rng.normal((0, 4), (22, 7))
        nod += 24 if looks_down else 0
        for share, bone in ((0.35, "neck01"), (1.0, "head")):
            named[bone] = yaw(float(turn) * share) @ pitch(float(nod) * share)

    def _leg(
        self,
        rng: np.random.Generator,
        named: dict[str, Floats],
        posture: Posture,
        kind: PoseKind,
        side: str,
        moment: float,
    ) -> None:
        hip, knee, ankle = leg_angles(rng, posture, kind, moment)
        outwards = 1 if side == "L" else -1
        frontal = kind == "frontal"
        abduction = 3.0 if frontal else abs(float(rng.normal(2.5, 1.5)))
        toe_out = yaw(outwards * (posture.toe_out + float(rng.normal(0, 3)) * (not frontal)))
        pelvis = named["root"]
        splay = np.array([outwards * np.sin(np.radians(abduction)), 0, -1])
        thigh = rotation_between(self._direction(f"upperleg01.{side}", f"lowerleg01.{side}"), splay)
        shin = rotation_between(self._direction(f"lowerleg01.{side}", f"foot.{side}"), _DOWN)
        named[f"upperleg01.{side}"] = pelvis @ pitch(-hip) @ toe_out @ thigh
        named[f"lowerleg01.{side}"] = pelvis @ pitch(knee - hip) @ toe_out @ shin
        foot = pelvis @ pitch(knee - hip - ankle) @ toe_out
        named[f"foot.{side}"] = foot
        # Toes stay on the ground until toe-off.
        bend = min(0.0, hip - knee + 20.0) if hip < 0 and kind in ("walk", "push") else 0.0
        named[f"toe2-1.{side}"] = foot @ pitch(bend)

    def _arm(
        self,
        rng: np.random.Generator,
        named: dict[str, Floats],
        posture: Posture,
        kind: PoseKind,
        side: str,
        moment: float,
        style: ArmStyle,
    ) -> None:
        outwards = 1 if side == "L" else -1
        chest = named["spine01"]
        upper, lower = arm_directions(rng, style, kind, moment, posture.arm_swing, posture.spread)
        flip = np.array([outwards, 1, 1])
        named[f"clavicle.{side}"] = chest
        named[f"upperarm01.{side}"] = chest @ rotation_between(
            self._direction(f"upperarm01.{side}", f"lowerarm01.{side}"), upper * flip
        )
        named[f"lowerarm01.{side}"] = chest @ rotation_between(
            self._direction(f"lowerarm01.{side}", f"wrist.{side}"), lower * flip
        )
        curl = {"hang": 12.0, "swing": 15.0}.get(style, 45.0)
        hand = named[f"lowerarm01.{side}"]
        axis = self._direction(f"finger3-1.{side}", f"finger3-2.{side}")
        inwards = np.array([-outwards, 0.3, -0.6])
        bent = np.cos(np.radians(curl)) * axis + np.sin(np.radians(curl)) * inwards
        named[f"finger3-1.{side}"] = hand @ rotation_between(axis, bent)
        named[f"finger3-2.{side}"] = named[f"finger3-1.{side}"] @ rotation_between(axis, bent)

    def _direction(self, start: str, end: str) -> Floats:
        return np.asarray(self._heads[end] - self._heads[start])

    def _complete(self, named: dict[str, Floats]) -> Floats:
        rotations = np.zeros((len(self._bones), 3, 3))
        for index, (bone, parent) in enumerate(zip(self._bones, self._parents, strict=True)):
            rotations[index] = named.get(bone, rotations[parent])
        return rotations


def sample_pose_kind(rng: np.random.Generator, bicycle: bool = False) -> PoseKind:
    """Draw the action of the legs, with the frequencies of pedestrians or of cyclists."""
    if bicycle:
        return WITH_BICYCLE[int(rng.integers(2))]
    return POSE_KINDS[int(rng.choice(3, p=(0.74, 0.22, 0.04)))]


def sample_arms(
    rng: np.random.Generator,
    kind: PoseKind,
    held: tuple[ArmStyle | None, ArmStyle | None] = (None, None),
) -> tuple[ArmStyle, ArmStyle]:
    """Draw the actions of both arms.

    Args:
        rng: random generator.
        kind: action of the legs.
        held: actions of the left and the right arm that hold an item; None is free.
    """
    if kind in WITH_BICYCLE:
        return "handlebar", "handlebar"
    if rng.random() < 0.05 and held == (None, None):
        return "crossed", "crossed"
    styles = [style for style in ARM_STYLES if style not in ("crossed", "handlebar", "umbrella")]
    weights = np.array([0.13 if kind == "walk" else 0.5, 0.6 if kind == "walk" else 0.1])
    rest = np.full(len(styles) - 2, (1 - weights.sum()) / (len(styles) - 2))
    left, right = rng.choice(len(styles), 2, p=np.r_[weights, rest])
    return held[0] or styles[left], held[1] or styles[right]
