"""Cameras, scenes and passers-by that all identities of a set share."""

from dataclasses import replace
from functools import cache

import numpy as np

from reid_align.synth.appearance.avatar import Avatar, build_avatar, draw_pose, posed_mesh
from reid_align.synth.appearance.outfit_sampling import sample_outfit
from reid_align.synth.body.body_asset import load_asset
from reid_align.synth.body.skinned_body import sample_body
from reid_align.synth.rendering.rotations import yaw
from reid_align.synth.rendering.shading import Light
from reid_align.synth.scenes.cameras import Camera, sample_camera
from reid_align.synth.scenes.scenes import Scene, build_scene
from reid_align.synth.views.compositing import PasserBy
from reid_align.synth.views.studio import parallel_view

# Keys of independent random streams.
_CAMERA_KEY, _PASSER_KEY = 7919, 7927
_PASSERS_BY, _PASSER_VIEWS = 16, 2
_PASSER_HEIGHT, _PASSER_WIDTH = 192, 112
_OVERCAST = Light(
    direction=np.array([0.3, -0.5, 0.81], np.float32),
    sun=np.full(3, 0.25, np.float32),
    sky=np.full(3, 0.8, np.float32),
    ground=np.full(3, 0.3, np.float32),
)


@cache
def camera_and_scene(seed: int, index: int) -> tuple[Camera, Scene]:
    """Return a camera of the set with this seed, and its scene; cached in the process."""
    rng = np.random.default_rng([seed, index, _CAMERA_KEY])
    camera = sample_camera(rng, index)
    return camera, build_scene(camera, rng)


@cache
def passers_by(seed: int) -> tuple[PasserBy, ...]:
    """Return the passers-by of the set with this seed; cached in the process."""
    asset, found = load_asset(), []
    for index in range(_PASSERS_BY):
        rng = np.random.default_rng([seed, index, _PASSER_KEY])
        body = sample_body(asset, rng)
        avatar = build_avatar(asset, body, sample_outfit(rng, body.female), rng)
        found += [_cut_out(avatar, rng) for _ in range(_PASSER_VIEWS)]
    return tuple(found)


def _cut_out(avatar: Avatar, rng: np.random.Generator) -> PasserBy:
    mesh = posed_mesh(load_asset(), avatar, draw_pose(avatar, rng))
    turned = yaw(float(rng.uniform(0, 360))).T.astype(np.float32)
    mesh = replace(mesh, vertices=mesh.vertices @ turned)
    low, high = float(mesh.vertices[:, 2].min()), float(mesh.vertices[:, 2].max())
    meters = (high - low) / 0.97
    size = (_PASSER_HEIGHT, _PASSER_WIDTH)
    small = parallel_view(
        mesh, avatar.page, _OVERCAST, size, meters, 0.01 * meters - low, eye_height=3
    )
    return PasserBy(np.ascontiguousarray(small[..., :3]), np.ascontiguousarray(small[..., 3]))
