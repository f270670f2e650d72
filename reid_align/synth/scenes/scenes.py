"""Scenes: backdrop, props, light and shadows."""

from dataclasses import dataclass

import cv2
import numpy as np

from reid_align.synth.array_types import Floats, Mask, Pixels
from reid_align.synth.rendering.image_ops import blur, resize
from reid_align.synth.scenes.backdrop import build_backdrop
from reid_align.synth.scenes.cameras import FRAME_HEIGHT, FRAME_WIDTH, Camera
from reid_align.synth.scenes.props import INDOOR_PROPS, OUTDOOR_PROPS, size_in_meters

# Brightest linear light in a frame; display white is 1.
WHITE = 3.0


@dataclass(frozen=True, eq=False)
class Scene:
    """Frame of a camera without avatars.

    Attributes:
        frame: (540, 960, 3) uint8 square root of the linear light, 255 is ``WHITE``.
        depth: (540, 960) float32 meters along the viewing direction.
        sunlit: (540, 960) uint8, 255 for ground in the sun.
    """

    frame: Pixels
    depth: Floats
    sunlit: Pixels


def build_scene(camera: Camera, rng: np.random.Generator) -> Scene:
    """Build the scene of a camera."""
    backdrop = build_backdrop(camera, rng)
    sunlit = _shadows(camera, rng, backdrop.on_ground)
    light, depth = camera.light, backdrop.depth
    level = light.sky + light.sun * light.direction[2] * sunlit[..., None]
    upright = 0.6 * (light.sky + light.ground) + 0.35 * light.sun * backdrop.facing[..., None]
    lit = backdrop.albedo * np.where(backdrop.on_ground[..., None], level, upright)
    props = INDOOR_PROPS if camera.environment == "indoor" else OUTDOOR_PROPS
    reach = np.log(camera.depth)
    distances = np.sort(np.exp(rng.uniform(np.log(4.5), reach, int(rng.integers(6, 16)))))
    for distance in distances[::-1]:
        image = props[int(rng.integers(len(props)))](rng)
        _place_prop(camera, rng, image, float(distance), lit, depth, upright)
    if camera.environment == "night":
        lit *= _lamps(rng)
    # Glare.
    small = blur(resize(lit, FRAME_HEIGHT // 10, FRAME_WIDTH // 10), 2.5)
    lit += np.float32(rng.uniform(0.0, 0.12)) * resize(small, FRAME_HEIGHT, FRAME_WIDTH)
    encoded = np.sqrt((lit / WHITE).clip(0, 1)) * 255
    return Scene(np.round(encoded).astype(np.uint8), depth, (sunlit * 255).astype(np.uint8))


def _shadows(camera: Camera, rng: np.random.Generator, on_ground: Mask) -> Floats:
    """Return the share of sunlight on the ground (540, 960), in [0, 1]."""
    if camera.environment != "sunny":
        return np.ones((FRAME_HEIGHT, FRAME_WIDTH), np.float32)
    coarse = rng.standard_normal((5, 8)).astype(np.float32)
    patches = cv2.resize(coarse, (FRAME_WIDTH, FRAME_HEIGHT), interpolation=cv2.INTER_CUBIC)
    rows, columns = np.mgrid[:FRAME_HEIGHT, :FRAME_WIDTH].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    right, down = columns / FRAME_WIDTH - 0.5, rows / FRAME_HEIGHT - 0.5
    across = right * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle))
    # The straight shadow edge of a building, and blotches from trees.
    field = 6 * (across - rng.normal(0, 0.3)) + float(rng.uniform(0, 0.8)) * patches
    sunlit = (field * float(rng.uniform(3, 20)) + 0.5).clip(0, 1)
    return np.asarray(np.where(on_ground, sunlit, 1), np.float32)


def _place_prop(
    camera: Camera,
    rng: np.random.Generator,
    image: Floats,
    distance: float,
    lit: Floats,
    depth: Floats,
    upright: Floats,
) -> None:
    """Draw a randomly turned prop at a distance in meters into ``lit`` and ``depth``."""
    width, height = size_in_meters(image)
    reach = distance * FRAME_WIDTH / 2 / camera.focal
    # Near props are at the edges, where they rarely occlude avatars.
    aside = rng.uniform(0.55 if distance < 9 else 0.0, 1.15) * rng.choice((-1, 1))
    center = np.array([aside * reach, distance, 0])
    angle = rng.choice((0, rng.uniform(-0.4, 0.4)))
    half = np.array([np.cos(angle), np.sin(angle), 0]) * width / 2
    corners = np.array([center - half, center + half])
    if corners[:, 1].min() < 2.0:
        return
    up = np.array([0, 0, height])
    quad = np.concatenate([corners + up, corners[::-1]]).astype(np.float32)
    seen = camera.project(quad)
    left, top = np.floor(seen[:, :2].min(0)).astype(int).clip(0, None)
    right, low = np.ceil(seen[:, :2].max(0)).astype(int).clip(None, (FRAME_WIDTH, FRAME_HEIGHT))
    if left >= right or top >= low:
        return
    rows, columns = image.shape[:2]
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    target = np.ascontiguousarray(seen[:, :2] - np.array([left, top], np.float32))
    matrix = cv2.getPerspectiveTransform(source, target)
    warped = np.asarray(cv2.warpPerspective(image, matrix, (right - left, low - top)), np.float32)
    window = slice(top, low), slice(left, right)
    near = float(seen[2:, 2].mean())
    opacity = warped[..., 3:] * (depth[window][..., None] > near - 0.3)
    light = upright[window] * np.float32(rng.uniform(0.6, 1.3))
    lit[window] += opacity * (warped[..., :3] * light - lit[window])
    depth[window][opacity[..., 0] > 0.5] = near


def _lamps(rng: np.random.Generator) -> Floats:
    rows, columns = np.mgrid[:FRAME_HEIGHT, :FRAME_WIDTH].astype(np.float32)
    field = np.full((FRAME_HEIGHT, FRAME_WIDTH), 0.3, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(0, FRAME_WIDTH), rng.uniform(0.2, 0.9) * FRAME_HEIGHT
        field += np.exp(-np.hypot(columns - x, 1.6 * (rows - y)) / rng.uniform(120, 300))
    return field[..., None]
