"""Standing position of an avatar in a scene, and the detector box around it."""

from dataclasses import dataclass

import numpy as np

from reid_align.synth.array_types import Floats
from reid_align.synth.rendering.mesh import bounds
from reid_align.synth.scenes.cameras import FRAME_HEIGHT, FRAME_WIDTH, Camera

# Minimum height in pixels of a detected avatar.
_MIN_HEIGHT = 60.0


@dataclass(frozen=True)
class DetectorBox:
    """Box in the frame, in pixels: left and upper edge, width, height."""

    left: float
    top: float
    width: float
    height: float


def standing_position(camera: Camera, depth: Floats, rng: np.random.Generator) -> Floats:
    """Return a position (3,) on the ground where head and feet are inside the frame and visible."""
    best = np.array([0, 6, 0], np.float32)
    most = -1.0
    # Accepts partial occlusion in a tenth of the images.
    enough = 0.55 if rng.random() < 0.1 else 0.99
    for _ in range(24):
        distance = np.exp(rng.uniform(np.log(3.5), np.log(max(5.0, camera.depth - 1.5))))
        sideways = rng.uniform(-0.9, 0.9) * distance * FRAME_WIDTH / 2 / camera.focal
        position = np.array([sideways, distance, 0], np.float32)
        shown = _visibility(camera, depth, position)
        if shown > most:
            best, most = position, shown
        if most > enough:
            break
    return best


def _visibility(camera: Camera, depth: Floats, position: Floats) -> float:
    """Return the visible share of points above ``position``, halved for small avatars."""
    heights = np.linspace(0.1, 1.7, 9)
    column = np.tile(position, (len(heights), 1))
    column[:, 2] = heights
    seen = camera.project(column)
    # The detector box must be inside the frame too.
    span = float(np.ptp(seen[:, 1]))
    inside = (seen[:, 0] > 0.25 * span) & (seen[:, 0] < FRAME_WIDTH - 0.25 * span)
    inside &= (seen[:, 1] > 0.15 * span) & (seen[:, 1] < FRAME_HEIGHT - 0.12 * span)
    rows = seen[:, 1].astype(np.int64).clip(0, FRAME_HEIGHT - 1)
    columns = seen[:, 0].astype(np.int64).clip(0, FRAME_WIDTH - 1)
    free = inside & (depth[rows, columns] > seen[:, 2] - 0.2)
    return float(free.mean()) * (1.0 if span >= _MIN_HEIGHT else 0.5)


def detector_box(projected: Floats, tight: bool, rng: np.random.Generator) -> DetectorBox:
    """Return a detector box with random errors around projected points.

    Args:
        projected: (N, 3) columns, rows and depths of the avatar in the frame.
        tight: the box follows the outline; otherwise it has a fixed aspect ratio.
        rng: random generator.
    """
    (left, top, _), (right, bottom, _) = bounds(projected)
    height = float(bottom - top) * (1 + rng.uniform(-0.04, 0.1))
    if tight:
        width = float(right - left) * (1 + rng.uniform(-0.08, 0.16))
        width = float(np.clip(width, 0.38 * height, 0.75 * height))
    else:
        width = height * float(rng.normal(0.46, 0.035))
    x = (left + right) / 2 + rng.normal(0, 0.055) * width
    y = (top + bottom) / 2 + rng.normal(0, 0.022) * height
    chance = rng.random()
    if chance < 0.07:  # the legs are cut off
        kept = rng.uniform(0.55, 0.85)
        y -= (1 - kept) * height / 2
        height *= kept
    elif chance < 0.14:  # a loose box
        loose = rng.uniform(1.12, 1.4)
        height, width = height * loose, width * loose
    return DetectorBox(float(x - width / 2), float(y - height / 2), width, float(height))
