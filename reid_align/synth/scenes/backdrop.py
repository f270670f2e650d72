"""Ground and walls of a scene."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from reid_align.synth.array_types import Floats, Mask
from reid_align.synth.scenes.cameras import FRAME_HEIGHT, FRAME_WIDTH, Camera

Ground = Literal["asphalt", "paving", "tiles", "planks", "grass", "gravel", "carpet"]
Wall = Literal["facade", "glass", "brick", "panels", "plaster", "shops", "trees"]
_OUTDOOR_GROUNDS: tuple[Ground, ...] = (
    "asphalt",
    "asphalt",
    "paving",
    "paving",
    "paving",
    "planks",
    "gravel",
    "grass",
)
_INDOOR_GROUNDS: tuple[Ground, ...] = ("tiles", "tiles", "planks", "carpet")
_OUTDOOR_WALLS: tuple[Wall, ...] = (
    "facade",
    "glass",
    "brick",
    "panels",
    "plaster",
    "trees",
    "shops",
)
_INDOOR_WALLS: tuple[Wall, ...] = ("panels", "plaster", "glass", "shops")
_FAR = 1e3
_CEILING = 3.4


class SurfacePixels:
    """Coordinates on a plane at each pixel.

    Args:
        right: (H, W) meters along the plane.
        other: (H, W) meters into the depth on the ground, or up a wall.
        blur: (H, W) size of a pixel on the plane in meters; finer patterns fade.
    """

    def __init__(self, right: Floats, other: Floats, blur: Floats) -> None:
        self.right, self.other, self.blur = right, other, blur

    def noise(self, rng: np.random.Generator, size: float) -> Floats:
        """Return smooth noise (H, W) at a scale in meters; it fades where pixels are larger."""
        field = rng.standard_normal((256, 256)).astype(np.float32)
        columns, rows = self.right / np.float32(size), self.other / np.float32(size)
        wrap = cv2.BORDER_WRAP
        values = cv2.remap(field, columns, rows, cv2.INTER_LINEAR, borderMode=wrap)
        return np.asarray(1.5 * values * _fade(self.blur, size))

    def lines(self, spacing: tuple[float, float], width: float) -> Floats:
        """Return the mask (H, W) in [0, 1] of joints between slabs with a spacing in meters."""
        joints = [
            _line(position, step, width, self.blur)
            for position, step in zip((self.right, self.other), spacing, strict=True)
        ]
        return np.maximum(*joints)

    def cells(self, rng: np.random.Generator, spacing: tuple[float, float]) -> Floats:
        """Return a standard normal value for each slab, (H, W)."""
        table = rng.standard_normal((64, 64)).astype(np.float32)
        column = np.floor(self.right / spacing[0]).astype(np.int64) % 64
        row = np.floor(self.other / spacing[1]).astype(np.int64) % 64
        return np.asarray(table[row, column] * _fade(self.blur, min(spacing)))


def paint_ground(rng: np.random.Generator, kind: Ground, pixels: SurfacePixels) -> Floats:
    """Return the linear color (H, W, 3) of a ground."""
    base = float(rng.uniform(0.1, 0.42))
    tint = 1 + rng.normal(0, 0.05, 3)
    speckle = 1 + 0.12 * pixels.noise(rng, 0.06) + 0.12 * pixels.noise(rng, 1.4)
    if kind == "asphalt":
        tone = 0.6 * base * (1 + 0.16 * pixels.noise(rng, 0.03)) * speckle
        stripe = _line(
            pixels.right + 0.25 * pixels.other, float(rng.uniform(3, 7)), 0.12, pixels.blur
        )
        tone = tone + stripe * (0.55 - tone) * (rng.random() < 0.6)
    elif kind in ("paving", "tiles"):
        spacing = (0.3, 0.6) if kind == "paving" else (float(rng.uniform(0.4, 1.0)),) * 2
        rough = 0.5 if kind == "paving" else 0.15
        tone = base * (1 + rough * (speckle - 1)) * (1 + 0.14 * pixels.cells(rng, spacing))
        tone = tone * (1 - 0.5 * pixels.lines(spacing, 0.012))
    elif kind == "planks":
        board = float(rng.uniform(0.14, 0.3))
        tone = base * (1 + 0.2 * pixels.cells(rng, (board, 1e4))) * speckle
        tone = tone * (1 - 0.75 * _line(pixels.right, board, 0.025, pixels.blur))
        tint = tint * [1.06, 1.0, 0.93]
    elif kind == "grass":
        tone = 0.12 * (1 + 0.2 * pixels.noise(rng, 0.05) + 0.2 * pixels.noise(rng, 0.7))
        tint = np.array([0.92, 1.08, 0.66]) * tint
    else:
        tone = base * (1 + (0.25 if kind == "gravel" else 0.08) * pixels.noise(rng, 0.03)) * speckle
    return _color(tone, tint)


def paint_wall(rng: np.random.Generator, kind: Wall, pixels: SurfacePixels) -> Floats:
    """Return the linear color (H, W, 3) of a wall."""
    tone = float(rng.uniform(0.12, 0.55)) * (1 + 0.1 * pixels.noise(rng, 2.5))
    tint = 1 + rng.normal(0, 0.06, 3)
    if kind == "trees":
        leaves = 1 + 0.5 * pixels.noise(rng, 0.15) + 0.5 * pixels.noise(rng, 0.8)
        return _color(0.09 * leaves.clip(0.08, 3), np.array([0.92, 1.06, 0.66]) * tint)
    if kind == "brick":
        tone = 0.5 * tone * (1 + 0.25 * pixels.cells(rng, (0.22, 0.075)))
        tone = tone * (1 - 0.3 * pixels.lines((0.22, 0.075), 0.01))
        return _color(tone, tint * [1.25, 0.95, 0.82])
    if kind == "plaster":
        stain = (1 - 0.25 * np.exp(-pixels.other / 0.4)) * (1 + 0.1 * pixels.noise(rng, 0.6))
        return _color(tone * stain, tint)
    spacing = {"panels": (1.2, 2.4), "facade": (2.4, 3.1), "glass": (1.5, 2.6), "shops": (4.0, 3.4)}
    step = spacing[kind]
    frame = pixels.lines(step, 0.06)
    if kind == "panels":
        return _color(tone * (1 + 0.06 * pixels.cells(rng, step)) * (1 - 0.5 * frame), tint)
    share = {"facade": 0.5, "glass": 0.95, "shops": 0.85}[kind]
    inside_x = np.abs(pixels.right / step[0] % 1 - 0.5) < share / 2
    inside_y = np.abs(pixels.other / step[1] % 1 - 0.52) < share / 2
    window = (inside_x & inside_y).astype(np.float32) * _fade(pixels.blur, 0.8)
    lit = 0.3 if kind == "shops" else 0.06
    pane = lit * np.exp(0.8 * pixels.cells(rng, step)) + 0.05 * pixels.noise(rng, 1.1).clip(0, None)
    wall = _color(tone * (1 - 0.4 * frame), tint)
    glass = _color(pane, 1 + rng.normal(0, 0.12, 3))
    return np.asarray(wall + window[..., None] * (glass - wall))


def _color(tone: Floats, tint: Floats) -> Floats:
    return (tone[..., None] * tint).clip(0.004, 1).astype(np.float32)


def _fade(blur: Floats, size: float) -> Floats:
    return (1.2 * size / (blur + 1e-6) - 0.6).clip(0, 1)


def _line(position: Floats, spacing: float, width: float, blur: Floats) -> Floats:
    """Return the mask of parallel lines; lines thinner than a pixel fade, to avoid aliasing."""
    distance = np.abs((position / spacing + 0.5) % 1 - 0.5) * spacing
    wide = np.maximum(width, blur)
    sharp = ((wide / 2 - distance) / (blur + 1e-6) + 0.5).clip(0, 1)
    return np.asarray(sharp * (width / wide) * _fade(blur, spacing))


@dataclass(frozen=True, eq=False)
class Backdrop:
    """Ground and walls in the frame of a camera.

    Attributes:
        albedo: (540, 960, 3) float32 linear color.
        depth: (540, 960) float32 meters along the viewing direction.
        on_ground: (540, 960) bool.
        facing: (540, 960) float32 share of sunlight on walls, in [0, 1].
    """

    albedo: Floats
    depth: Floats
    on_ground: Mask
    facing: Floats


def build_backdrop(camera: Camera, rng: np.random.Generator) -> Backdrop:
    """Build the ground, a wall at the back, and for some cameras walls at the sides."""
    rays = _rays(camera)
    indoor = camera.environment == "indoor"
    down = np.minimum(rays[..., 2], -1e-3)
    to_ground = np.where(rays[..., 2] < -1e-3, -camera.height / down, _FAR)
    to_back = camera.depth / np.maximum(rays[..., 1], 1e-3)
    aside = rng.uniform(3, 7) if indoor else rng.uniform(5, 16)
    sided = indoor or rng.random() < 0.4
    to_side = aside / np.maximum(np.abs(rays[..., 0]), 1e-4) if sided else np.float32(_FAR)
    depth = np.minimum(np.minimum(to_ground, to_back), to_side)
    points = rays * depth[..., None]
    points[..., 2] += np.float32(camera.height)
    on_ground, on_back = to_ground <= depth, to_back <= depth
    albedo = np.zeros_like(points)
    blur = depth / np.float32(camera.focal)
    grazing = blur / np.maximum(np.abs(rays[..., 2]), 0.03)
    grounds, walls = _materials(indoor)
    ground = grounds[int(rng.integers(len(grounds)))]
    back, side = (walls[int(k)] for k in rng.integers(len(walls), size=2))
    for where, kind, right, other in ((on_back, back, 0, 2), (~on_back & ~on_ground, side, 1, 2)):
        rows = _occupied_rows(where)
        if where.any():
            pixels = SurfacePixels(points[rows, :, right], points[rows, :, other], blur[rows])
            albedo[rows][where[rows]] = paint_wall(rng, kind, pixels)[where[rows]]
    _open_top(rng, albedo, points, on_ground, indoor, back == "trees")
    rows = _occupied_rows(on_ground)
    pixels = SurfacePixels(points[rows, :, 0], points[rows, :, 1], grazing[rows])
    albedo[rows][on_ground[rows]] = paint_ground(rng, ground, pixels)[on_ground[rows]]
    facing = np.where(on_back, np.float32(max(0.0, -float(camera.light.direction[1]))), 0.4)
    return Backdrop(albedo, depth, on_ground, facing.astype(np.float32))


def _rays(camera: Camera) -> Floats:
    rows, columns = np.mgrid[:FRAME_HEIGHT, :FRAME_WIDTH].astype(np.float32)
    x = (columns - FRAME_WIDTH / 2) / np.float32(camera.focal)
    y = (rows - FRAME_HEIGHT / 2) / np.float32(camera.focal)
    return np.asarray(np.stack([x, y, np.ones_like(x)], -1) @ camera.rotation)


def _materials(indoor: bool) -> tuple[tuple[Ground, ...], tuple[Wall, ...]]:
    if indoor:
        return _INDOOR_GROUNDS, _INDOOR_WALLS
    return _OUTDOOR_GROUNDS, _OUTDOOR_WALLS


def _occupied_rows(where: Mask) -> slice:
    """Return the range of rows with any pixel; painting only these saves time."""
    found = np.flatnonzero(where.any(1))
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0)


def _open_top(
    rng: np.random.Generator,
    albedo: Floats,
    points: Floats,
    on_ground: Mask,
    indoor: bool,
    ragged: bool,
) -> None:
    """Paint the sky above the walls, or a ceiling."""
    height = points[..., 2]
    if indoor:
        albedo[height > _CEILING] = rng.uniform(0.3, 0.8)
        return
    roof = rng.uniform(3.0, 14.0)
    edge = roof + 1.5 * np.sin(0.9 * points[..., 0]) if ragged else roof
    sky = np.array([0.75, 0.85, 1.0], np.float32) * np.float32(rng.uniform(0.6, 1.2))
    albedo[(height > edge) & ~on_ground] = sky
