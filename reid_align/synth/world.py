"""The shared part of a set: cameras, their scenes, and the people who pass by."""

from dataclasses import replace
from functools import cache

import numpy as np

from reid_align.synth.asset import load_asset
from reid_align.synth.body import sample_body
from reid_align.synth.cameras import Camera, sample_camera
from reid_align.synth.imaging import resize
from reid_align.synth.passers import Passer
from reid_align.synth.person import Person, build_person, posed_mesh
from reid_align.synth.pose import sample_arms, sample_pose_kind
from reid_align.synth.raster import Fragments, rasterise
from reid_align.synth.rotations import yaw
from reid_align.synth.scenes import Scene, build_scene
from reid_align.synth.shading import Light, shade
from reid_align.synth.wardrobe import sample_outfit

# Keys that keep the random streams of cameras, passers and people apart.
_CAMERA_KEY, _PASSER_KEY = 7919, 7927
_PASSERS, _PASSER_VIEWS = 16, 2
_PASSER_HEIGHT, _PASSER_WIDTH = 192, 112
_DULL_DAY = Light(
    direction=np.array([0.3, -0.5, 0.81], np.float32),
    sun=np.full(3, 0.25, np.float32),
    sky=np.full(3, 0.8, np.float32),
    ground=np.full(3, 0.3, np.float32),
)


@cache
def camera_and_scene(seed: int, index: int) -> tuple[Camera, Scene]:
    """Return a camera of the world with this seed, and its scene; made once in a process."""
    rng = np.random.default_rng([seed, index, _CAMERA_KEY])
    camera = sample_camera(rng, index)
    return camera, build_scene(camera, rng)


@cache
def passers(seed: int) -> tuple[Passer, ...]:
    """Return the people who pass by in the world with this seed; made once in a process."""
    asset, found = load_asset(), []
    for index in range(_PASSERS):
        rng = np.random.default_rng([seed, index, _PASSER_KEY])
        body = sample_body(asset, rng)
        person = build_person(asset, body, sample_outfit(rng, body.female), rng)
        found += [_cut_out(person, rng) for _ in range(_PASSER_VIEWS)]
    return tuple(found)


def _cut_out(person: Person, rng: np.random.Generator) -> Passer:
    asset = load_asset()
    kind = sample_pose_kind(rng, person.bicycle is not None)
    pose = person.poser.sample(rng, person.posture, kind, sample_arms(rng, kind))
    turned = yaw(float(rng.uniform(0, 360))).T.astype(np.float32)
    mesh = posed_mesh(asset, person, pose)
    points = mesh.vertices @ turned
    mesh = replace(mesh, vertices=points)
    # A parallel view from far away, a little from above.
    scale = 0.97 * 2 * _PASSER_HEIGHT / float(np.ptp(points[:, 2]) + 1e-6)
    columns = points[:, 0] * scale + _PASSER_WIDTH
    rows = 2 * _PASSER_HEIGHT - 4 - (points[:, 2] - points[:, 2].min()) * scale
    view = np.stack([columns, rows, points[:, 1] + 30], 1).astype(np.float32)
    seen = Fragments.empty(2 * _PASSER_HEIGHT, 2 * _PASSER_WIDTH)
    rasterise(view, mesh.faces, mesh.two_sided, seen)
    eye = np.array([0, -30, 3], np.float32)
    colour = shade(mesh, person.page, seen, eye, _DULL_DAY)
    small = resize(colour, _PASSER_HEIGHT, _PASSER_WIDTH)
    return Passer(np.ascontiguousarray(small[..., :3]), np.ascontiguousarray(small[..., 3]))
