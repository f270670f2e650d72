"""Compositing of avatar, background, shadow and passers-by into linear light."""

from dataclasses import dataclass

import numpy as np

from reid_align.synth.array_types import Floats, Mask
from reid_align.synth.rendering.image_ops import blur, resize, sample_affine, warp_affine
from reid_align.synth.rendering.shading import Light
from reid_align.synth.scenes.cameras import Camera
from reid_align.synth.scenes.scenes import WHITE, Scene
from reid_align.synth.views.placement import DetectorBox


@dataclass(frozen=True, eq=False)
class PasserBy:
    """Cut-out of another avatar, which walks by or stands in the way.

    Attributes:
        color: (H, W, 3) float32 linear color times coverage, in overcast light.
        coverage: (H, W) float32 in [0, 1].
    """

    color: Floats
    coverage: Floats


def place_passer_by(
    passer_by: PasserBy, shape: tuple[int, int], before: bool, rng: np.random.Generator
) -> PasserBy:
    """Return the passer-by scaled and moved to the left or right in a crop.

    Args:
        passer_by: the cut-out; it fills the height of its image.
        shape: (H, W) of the crop.
        before: in front of the avatar, so larger and lower; else behind.
        rng: random generator.
    """
    height, width = shape
    scale = rng.uniform(0.95, 1.3) if before else rng.uniform(0.6, 1.02)
    scale *= height / passer_by.coverage.shape[0]
    sideways = rng.choice((-1, 1)) * rng.uniform(0.38, 0.75) * width
    low = rng.uniform(0.02, 0.3) * height if before else rng.uniform(-0.14, 0.0) * height
    own_width = passer_by.coverage.shape[1] * scale
    matrix = np.array([[scale, 0, (width - own_width) / 2 + sideways], [0, scale, 0]], np.float64)
    matrix[1, 2] = height - scale * passer_by.coverage.shape[0] + low
    return PasserBy(
        warp_affine(passer_by.color, matrix, height, width),
        warp_affine(passer_by.coverage, matrix, height, width),
    )


_TO_LIGHT = ((np.arange(256) / 255) ** 2 * WHITE).astype(np.float32)
# Share of images with a passer-by behind and in front of the avatar.
_BEHIND, _BEFORE = 0.3, 0.13


@dataclass(frozen=True, eq=False)
class Composite:
    """Linear light that reaches the camera.

    Attributes:
        light: (H, W, 3) float32 linear RGB.
        hidden: (H, W) bool, pixels with something in front of the avatar.
        visible: unoccluded share of the avatar in the box; 0 if the avatar is outside.
    """

    light: Floats
    hidden: Mask
    visible: float


def background_at(scene: Scene, box: DetectorBox, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return linear light (H, W, 3) and depth (H, W) of the scene in a box, scaled to ``shape``."""
    height, width = shape
    scale = np.array([box.width / width, box.height / height])
    matrix = np.array(
        [[scale[0], 0, box.left + scale[0] / 2], [0, scale[1], box.top + scale[1] / 2]]
    )
    frame = sample_affine(scene.frame, matrix, height, width, smooth=True)
    depth = sample_affine(scene.depth, matrix, height, width, smooth=False)
    return _TO_LIGHT[frame], depth


def cast_shadow(
    points: Floats, camera: Camera, light: Light, box: DetectorBox, shape: tuple[int, int]
) -> Floats:
    """Return the share of light that the avatar blocks on the ground, (256, W)."""
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
    # A hard shadow in the sun, otherwise a soft one under the feet.
    mask = blur(mask, 1.3 + 5 * (1 - strong))
    return np.asarray(resize(mask, *shape) * np.float32(0.2 + 0.55 * strong))


def compose(
    background: Floats,
    avatar: Floats,
    nearer: Mask,
    passers_by: tuple[PasserBy, ...],
    light: Light,
    rng: np.random.Generator,
) -> Composite:
    """Blend an avatar, and sometimes passers-by, into a background.

    Args:
        background: (H, W, 3) linear light; modified.
        avatar: (H, W, 4) linear light times coverage, and coverage.
        nearer: (H, W) pixels where the scene is in front of the avatar.
        passers_by: passers-by to choose from; may be empty.
        light: illumination at the avatar.
        rng: random generator.
    """
    if passers_by and rng.random() < _BEHIND:
        _paste(passers_by, background, light, before=False, rng=rng)
    present = avatar[..., 3] > 0.5
    avatar = avatar * ~nearer[..., None]
    image = background * (1 - avatar[..., 3:]) + avatar[..., :3]
    hidden = nearer
    if passers_by and rng.random() < _BEFORE:
        hidden = hidden | (_paste(passers_by, image, light, before=True, rng=rng) > 0.5)
    visible = float((present & ~hidden).sum() / max(1, present.sum()))
    return Composite(image.astype(np.float32), hidden, visible)


def _paste(
    passers_by: tuple[PasserBy, ...],
    image: Floats,
    light: Light,
    before: bool,
    rng: np.random.Generator,
) -> Floats:
    """Blend a random passer-by into the image; return the coverage (256, W)."""
    passer_by = passers_by[int(rng.integers(len(passers_by)))]
    placed = place_passer_by(passer_by, image.shape[:2], before, rng)
    brightness = light.sky * 0.8 + light.sun * 0.3
    image *= 1 - placed.coverage[..., None]
    image += placed.color * brightness
    return placed.coverage
