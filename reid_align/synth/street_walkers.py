"""People who walk past a camera, one after another or at the same time, on straight paths."""

from dataclasses import dataclass, replace

import numpy as np

from reid_align.synth.appearance.avatar import Avatar, build_avatar, posed_mesh
from reid_align.synth.array_types import Floats
from reid_align.synth.body.body_asset import load_asset
from reid_align.synth.identity_generator import draw_body_and_outfit
from reid_align.synth.rendering.mesh import Mesh
from reid_align.synth.rendering.rotations import yaw
from reid_align.synth.scenes.cameras import FRAME_WIDTH, Camera
from reid_align.synth.synth_settings import SynthSettings

FRAME_RATE = 10
# Meters per second, and meters per gait cycle of two steps.
_SPEED, _CYCLE = (1.1, 1.6), 1.35
# Distance from the camera in meters, and half the length of a path in half widths of the frame.
_NEAREST, _FARTHEST, _BEYOND = 4.5, 9.0, 1.15
_WALKER_KEY, _AVATAR_KEY = 7951, 7949


@dataclass(frozen=True, eq=False)
class Walker:
    """A person on a path in front of one camera.

    Attributes:
        number: identity.
        avatar: body and clothes.
        start: (3,) position in meters at the first frame.
        step: (3,) meters per frame.
        first: number of the frame where the walk starts; may be negative.
        seed: seed of the pose's random part, which is the same in all frames.
    """

    number: int
    avatar: Avatar
    start: Floats
    step: Floats
    first: int
    seed: tuple[int, ...]

    def position(self, frame: int) -> Floats:
        """Return the position (3,) on the ground."""
        return np.asarray(self.start + self.step * np.float32(frame - self.first))

    def mesh(self, frame: int) -> Mesh:
        """Return the mesh in world coordinates, in the pose of this moment."""
        meters = (frame - self.first) * float(np.linalg.norm(self.step))
        rng = np.random.default_rng(self.seed)
        pose = self.avatar.poser.sample(
            rng, self.avatar.posture, "walk", ("swing", "swing"), phase=meters / _CYCLE % 1
        )
        mesh = posed_mesh(load_asset(), self.avatar, pose)
        # At an angle of 0, the avatar walks along -Y.
        heading = float(np.degrees(np.arctan2(self.step[0], -self.step[1])))
        turned = yaw(heading).T.astype(np.float32)
        return replace(mesh, vertices=mesh.vertices @ turned + self.position(frame))


def build_walkers(seed: int, people: int) -> tuple[Avatar, ...]:
    """Return the avatars of people 0, 1, …; the second of every three resembles the first."""
    settings = SynthSettings(identities=people, images=1, seed=seed)
    asset = load_asset()
    return tuple(
        build_avatar(
            asset,
            *draw_body_and_outfit(settings, number),
            np.random.default_rng([seed, number, _AVATAR_KEY]),
        )
        for number in range(people)
    )


def place_walkers(
    avatars: tuple[Avatar, ...], camera: Camera, seed: int, frames: int
) -> tuple[Walker, ...]:
    """Send each person past the camera once, from a random side and at a random time."""
    walkers = []
    for number, avatar in enumerate(avatars):
        key = (seed, camera.index, number, _WALKER_KEY)
        rng = np.random.default_rng(key)
        distance = rng.uniform(_NEAREST, max(_NEAREST, min(_FARTHEST, camera.depth - 2)))
        reach = _BEYOND * distance * FRAME_WIDTH / 2 / camera.focal
        side = rng.choice((-1, 1))
        slant = rng.uniform(-0.12, 0.12)
        direction = np.array([-side, slant, 0]) / np.hypot(1, slant)
        step = direction * rng.uniform(*_SPEED) / FRAME_RATE
        duration = 2 * reach / abs(step[0])
        first = int(rng.uniform(-0.2 * duration, max(1.0, frames - 0.6 * duration)))
        start = np.array([side * reach, distance, 0])
        walkers.append(
            Walker(number, avatar, start.astype(np.float32), step.astype(np.float32), first, key)
        )
    return tuple(walkers)
