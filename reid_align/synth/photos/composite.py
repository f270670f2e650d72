"""Puts person, place and passers-by together into one image of light."""

from dataclasses import dataclass

import numpy as np

from reid_align.synth.arrays import Floats, Mask
from reid_align.synth.drawing.imaging import blur, cut, resize
from reid_align.synth.drawing.shading import Light
from reid_align.synth.photos.box import Box
from reid_align.synth.photos.passers import Passer, place_passer
from reid_align.synth.places.cameras import Camera
from reid_align.synth.places.scenes import WHITE, Scene

_TO_LIGHT = ((np.arange(256) / 255) ** 2 * WHITE).astype(np.float32)
# How often somebody passes behind and before a person.
_BEHIND, _BEFORE = 0.3, 0.13


@dataclass(frozen=True, eq=False)
class Composite:
    """A image before the camera takes it.

    Attributes:
        light: (H, W, 3) float32 linear RGB.
        hidden: (H, W) bool where something stands before the person.
        visible: share of the person in the box that nothing hides; 0 if nobody is in the box.
    """

    light: Floats
    hidden: Mask
    visible: float


def background_at(scene: Scene, box: Box, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return linear light (H, W, 3) and depth (H, W) of the scene in a box, scaled to ``shape``."""
    height, width = shape
    scale = np.array([box.width / width, box.height / height])
    matrix = np.array(
        [[scale[0], 0, box.left + scale[0] / 2], [0, scale[1], box.top + scale[1] / 2]]
    )
    frame = cut(scene.frame, matrix, height, width, smooth=True)
    depth = cut(scene.depth, matrix, height, width, smooth=False)
    return _TO_LIGHT[frame], depth


def cast_shadow(
    points: Floats, camera: Camera, light: Light, box: Box, shape: tuple[int, int]
) -> Floats:
    """Return (256, W) the share of light that the person takes from the ground."""
    strong = float(light.sun.sum() / (light.sun.sum() + light.sky.sum() + 1e-6))
    on_ground = points[::3].copy()
    drop = on_ground[:, 2:] / max(float(light.direction[2]), 0.3)
    on_ground -= light.direction * drop
    spot = camera.project(on_ground)[:, :2] - np.array([box.left, box.top], np.float32)
    height, width = shape[0] // 2, shape[1] // 2
    half = np.array([width / box.width, height / box.height], np.float32)
    column, row = (spot * half).astype(np.int64).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    mask = np.zeros((height, width), np.float32)
    mask[row[inside], column[inside]] = 1
    # A hard shadow in the sun; elsewhere only the darkness under the feet.
    mask = blur(mask, 1.3 + 5 * (1 - strong))
    return np.asarray(resize(mask, *shape) * np.float32(0.2 + 0.55 * strong))


def compose(
    background: Floats,
    person: Floats,
    nearer: Mask,
    passers: tuple[Passer, ...],
    light: Light,
    rng: np.random.Generator,
) -> Composite:
    """Put a person into a background, with somebody behind or before them now and then.

    Args:
        background: (H, W, 3) linear light; changed.
        person: (H, W, 4) linear light times coverage, and coverage.
        nearer: (H, W) where the scene's own things stand before the person.
        passers: who may pass by; nobody if empty.
        light: where the person stands.
        rng: source of who passes by.
    """
    if passers and rng.random() < _BEHIND:
        _paste(passers, background, light, before=False, rng=rng)
    present = person[..., 3] > 0.5
    person = person * ~nearer[..., None]
    image = background * (1 - person[..., 3:]) + person[..., :3]
    hidden = nearer
    if passers and rng.random() < _BEFORE:
        hidden = hidden | (_paste(passers, image, light, before=True, rng=rng) > 0.5)
    visible = float((present & ~hidden).sum() / max(1, present.sum()))
    return Composite(image.astype(np.float32), hidden, visible)


def _paste(
    passers: tuple[Passer, ...],
    image: Floats,
    light: Light,
    before: bool,
    rng: np.random.Generator,
) -> Floats:
    """Put another person into the image; return the coverage (256, W)."""
    passer = passers[int(rng.integers(len(passers)))]
    placed = place_passer(passer, image.shape[:2], before, rng)
    brightness = light.sky * 0.8 + light.sun * 0.3
    image *= 1 - placed.coverage[..., None]
    image += placed.color * brightness
    return placed.coverage
