"""The ground and the walls that a camera sees."""

from dataclasses import dataclass

import numpy as np

from reid_align.synth.arrays import Floats, Mask
from reid_align.synth.places.cameras import FRAME_HEIGHT, FRAME_WIDTH, Camera
from reid_align.synth.places.surfaces import Ground, Place, Wall, paint_ground, paint_wall

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


@dataclass(frozen=True, eq=False)
class Backdrop:
    """What a camera sees of a place in which nothing stands.

    Attributes:
        albedo: (540, 960, 3) float32 linear color.
        depth: (540, 960) float32 meters along the viewing direction.
        on_ground: (540, 960) bool.
        facing: (540, 960) float32 how much a wall is turned to the sun, in [0, 1].
    """

    albedo: Floats
    depth: Floats
    on_ground: Mask
    facing: Floats


def build_backdrop(camera: Camera, rng: np.random.Generator) -> Backdrop:
    """Build the ground, a wall across the view, and in some places walls along it."""
    rays = _rays(camera)
    indoor = camera.setting == "indoor"
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
        rows = _rows(where)
        if where.any():
            place = Place(points[rows, :, right], points[rows, :, other], blur[rows])
            albedo[rows][where[rows]] = paint_wall(rng, kind, place)[where[rows]]
    _open_top(rng, albedo, points, on_ground, indoor, back == "trees")
    rows = _rows(on_ground)
    place = Place(points[rows, :, 0], points[rows, :, 1], grazing[rows])
    albedo[rows][on_ground[rows]] = paint_ground(rng, ground, place)[on_ground[rows]]
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


def _rows(where: Mask) -> slice:
    """Return the rows in which there is something, so that the others need not be painted."""
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
    """Paint the sky over roofs and tree tops, or a ceiling."""
    height = points[..., 2]
    if indoor:
        albedo[height > _CEILING] = rng.uniform(0.3, 0.8)
        return
    roof = rng.uniform(3.0, 14.0)
    edge = roof + 1.5 * np.sin(0.9 * points[..., 0]) if ragged else roof
    sky = np.array([0.75, 0.85, 1.0], np.float32) * np.float32(rng.uniform(0.6, 1.2))
    albedo[(height > edge) & ~on_ground] = sky
