"""Generation of one identity from the settings and its number."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reid_align.synth.appearance.avatar import Avatar, build_avatar, draw_pose
from reid_align.synth.appearance.look_alikes import vary_outfit
from reid_align.synth.appearance.outfit import Outfit
from reid_align.synth.appearance.outfit_sampling import sample_outfit
from reid_align.synth.array_types import Integers, Pixels
from reid_align.synth.body.body_asset import load_asset
from reid_align.synth.body.skinned_body import RestBody, sample_body
from reid_align.synth.shared_world import camera_and_scene, passers_by
from reid_align.synth.synth_settings import (
    GROUP_SIZE,
    PIT_FEMALE,
    PIT_TEXTURES,
    SynthSettings,
    camera_plan,
)
from reid_align.synth.views.studio import frontal_image
from reid_align.synth.views.view import View, render_view

_IDENTITY_KEY, _VIEW_KEY = 7933, 7937


@dataclass(frozen=True, eq=False)
class Identity:
    """Images and labels of one identity.

    Attributes:
        number: number of the identity.
        look_alike: identity with the original outfit, if this one is a look-alike; else -1.
        female: female body.
        texture: (256, 256, 3) uint8.
        frontal: (256, 128, 3) uint8, a fixed frontal pose on a gray background.
        cameras: (images,) the camera of each view.
        views: the camera images.
    """

    number: int
    look_alike: int
    female: bool
    texture: Pixels
    frontal: Pixels
    cameras: Integers
    views: tuple[View, ...]


def look_alike_of(number: int) -> int:
    """Return the identity that this one resembles, or -1; the second of every three is one."""
    return number - 1 if number % GROUP_SIZE == 1 else -1


def draw_body_and_outfit(settings: SynthSettings, number: int) -> tuple[RestBody, Outfit]:
    """Draw the body and the outfit of an identity."""
    rng, asset = _identity_rng(settings, number), load_asset()
    if settings.pit:
        female = number % PIT_TEXTURES < PIT_FEMALE
        return sample_body(asset, rng, female), sample_outfit(rng, female)
    if look_alike_of(number) < 0:
        body = sample_body(asset, rng)
        return body, sample_outfit(rng, body.female)
    other_body, other = draw_body_and_outfit(settings, look_alike_of(number))
    body = sample_body(asset, rng, other_body.female)
    return body, vary_outfit(other, rng, body.female)


def generate_identity(settings: SynthSettings, number: int) -> Identity:
    """Generate an identity."""
    body, outfit = draw_body_and_outfit(settings, number)
    avatar = build_avatar(load_asset(), body, outfit, _identity_rng(settings, number, 1))
    cameras = camera_plan(settings, number)
    views = tuple(_views(settings, number, avatar, cameras))
    look_alike = -1 if settings.pit else look_alike_of(number)
    return Identity(
        number, look_alike, body.female, avatar.texture, frontal_image(avatar), cameras, views
    )


def _views(
    settings: SynthSettings, number: int, avatar: Avatar, cameras: Integers
) -> Iterator[View]:
    asset = load_asset()
    for index, camera_index in enumerate(cameras):
        rng = np.random.default_rng([settings.seed, number, index, _VIEW_KEY])
        if settings.pit and index:
            body = sample_body(asset, rng, avatar.body.female)
            avatar = build_avatar(asset, body, avatar.outfit, rng)
        camera, scene = camera_and_scene(settings.seed, int(camera_index))
        pose = draw_pose(avatar, rng)
        crowd = passers_by(settings.seed)
        yield render_view(asset, avatar, pose, camera, scene, crowd, rng, settings.width)


def _identity_rng(settings: SynthSettings, number: int, stage: int = 0) -> np.random.Generator:
    return np.random.default_rng([settings.seed, number, stage, _IDENTITY_KEY])
