"""The place a camera looks at: ground, walls, things that stand around, light and shade."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reid_align.synth.cameras import FRAME_HEIGHT, FRAME_WIDTH, Camera
from reid_align.synth.props import INDOOR_PROPS, OUTDOOR_PROPS, size_in_metres
from reid_align.synth.surfaces import Ground, Place, Wall, paint_ground, paint_wall

Floats = NDArray[np.float32]
_OUTDOOR_GROUNDS: tuple[Ground, ...] = ("asphalt", "paving", "paving", "planks", "grass", "gravel")
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
# The brightest light a frame can hold; display white is 1.
WHITE = 3.0


@dataclass(frozen=True)
class Scene:
    """What a camera sees without people.

    Attributes:
        frame: (540, 960, 3) uint8: the square root of the linear light, 255 is ``WHITE``.
        depth: (540, 960) float32 metres along the viewing direction of what is seen.
        sunlit: (540, 960) uint8, 255 where the ground lies in the sun.

    """

    frame: NDArray[np.uint8]
    depth: Floats
    sunlit: NDArray[np.uint8]


def build_scene(camera: Camera, rng: np.random.Generator) -> Scene:
    """Build the scene of a camera."""
    albedo, depth, shade, ground = _surfaces(camera, rng)
    sunlit = _shadows(camera, rng, ground)
    light = camera.light
    arriving = light.sky + light.sun * light.direction[2] * sunlit[..., None]
    upright = 0.6 * (light.sky + light.ground) + 0.35 * light.sun * shade[..., None]
    lit = albedo * np.where(np.isfinite(ground)[..., None], arriving, upright)
    props = INDOOR_PROPS if camera.setting == "indoor" else OUTDOOR_PROPS
    places = np.sort(
        np.exp(rng.uniform(np.log(4.5), np.log(camera.depth), int(rng.integers(6, 16))))
    )
    for distance in places[::-1]:
        picture = props[int(rng.integers(len(props)))](rng)
        _stand(camera, rng, picture, float(distance), lit, depth, upright)
    if camera.setting == "night":
        lit = lit * _lamps(rng)
    # A little of the light of everything bright lies over the whole picture.
    veil = cv2.GaussianBlur(lit, (0, 0), 25) * float(rng.uniform(0.0, 0.12))
    encoded = np.sqrt(((lit + veil) / WHITE).clip(0, 1)) * 255
    return Scene(np.round(encoded).astype(np.uint8), depth, (sunlit * 255).astype(np.uint8))


def _surfaces(camera: Camera, rng: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats]:
    """Return albedo, depth, light on walls, and the distance to the ground (inf elsewhere)."""
    rows, columns = np.mgrid[:FRAME_HEIGHT, :FRAME_WIDTH].astype(np.float32)
    rays = (
        np.stack(
            [
                (columns - FRAME_WIDTH / 2) / camera.focal,
                (rows - FRAME_HEIGHT / 2) / camera.focal,
                np.ones_like(rows),
            ],
            -1,
        )
        @ camera.rotation
    )
    indoor = camera.setting == "indoor"
    aside = float(rng.uniform(3, 7) if indoor else rng.uniform(5, 16))
    far = 1e3
    to_ground = np.where(
        rays[..., 2] < -1e-3, -camera.height / np.minimum(rays[..., 2], -1e-3), far
    )
    to_back = camera.depth / np.maximum(rays[..., 1], 1e-3)
    sided = indoor or rng.random() < 0.4
    to_side = np.where(sided, aside / np.maximum(np.abs(rays[..., 0]), 1e-4), far)
    depth = np.minimum(np.minimum(to_ground, to_back), to_side).astype(np.float32)
    points = rays * depth[..., None]
    points[..., 2] += camera.height
    x, y, z = (np.ascontiguousarray(points[..., n]) for n in range(3))
    blur = depth / np.float32(camera.focal)
    grazing = blur / np.maximum(np.abs(rays[..., 2]), 0.03)
    grounds, walls = (
        (_INDOOR_GROUNDS, _INDOOR_WALLS) if indoor else (_OUTDOOR_GROUNDS, _OUTDOOR_WALLS)
    )
    back_wall, side_wall = (walls[int(k)] for k in rng.integers(len(walls), size=2))
    ground_kind = grounds[int(rng.integers(len(grounds)))]
    on_ground, on_back = to_ground <= depth + 1e-4, to_back <= depth + 1e-4
    albedo = paint_wall(rng, side_wall, Place(y, z, blur))
    albedo[on_back] = paint_wall(rng, back_wall, Place(x, z, blur))[on_back]
    if not indoor:
        roof = float(rng.uniform(3.0, 14.0))
        ragged = roof + (1.5 * np.sin(0.9 * x) if back_wall == "trees" else 0)
        albedo[(z > ragged) & ~on_ground] = np.array([0.75, 0.85, 1.0]) * rng.uniform(0.6, 1.2)
    else:
        albedo[z > 3.4] = rng.uniform(0.3, 0.8)
    albedo[on_ground] = paint_ground(rng, ground_kind, Place(x, y, grazing))[on_ground]
    facing = np.where(on_back, max(0.0, -float(camera.light.direction[1])), 0.4)
    return albedo, depth, facing.astype(np.float32), np.where(on_ground, depth, np.inf)


def _shadows(camera: Camera, rng: np.random.Generator, ground: Floats) -> Floats:
    """Return (540, 960) in [0, 1]: where buildings and trees leave the ground in the sun."""
    if camera.setting != "sunny":
        return np.ones((FRAME_HEIGHT, FRAME_WIDTH), np.float32)
    coarse = rng.standard_normal((5, 8)).astype(np.float32)
    patches = cv2.resize(coarse, (FRAME_WIDTH, FRAME_HEIGHT), interpolation=cv2.INTER_CUBIC)
    rows, columns = np.mgrid[:FRAME_HEIGHT, :FRAME_WIDTH].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    across = (columns / FRAME_WIDTH - 0.5) * np.cos(angle) + (rows / FRAME_HEIGHT - 0.5) * np.sin(
        angle
    )
    # A straight edge of a building, with the blotches of trees.
    field = 6 * (across - rng.normal(0, 0.3)) + float(rng.uniform(0, 0.8)) * patches
    sunlit = (field * float(rng.uniform(3, 20)) + 0.5).clip(0, 1)
    return np.asarray(np.where(np.isfinite(ground), sunlit, 1), np.float32)


def _stand(
    camera: Camera,
    rng: np.random.Generator,
    picture: Floats,
    distance: float,
    lit: Floats,
    depth: Floats,
    upright: Floats,
) -> None:
    """Put a prop at a distance in metres, turned at random; changes ``lit`` and ``depth``."""
    width, height = size_in_metres(picture)
    reach = distance * FRAME_WIDTH / 2 / camera.focal
    # What is near stands at the edge, so that it hides people only now and then.
    aside = rng.uniform(0.55 if distance < 9 else 0.0, 1.15) * rng.choice((-1, 1))
    centre = np.array([aside * reach, distance, 0])
    angle = rng.choice((0, rng.uniform(-0.4, 0.4)))
    half = np.array([np.cos(angle), np.sin(angle), 0]) * width / 2
    corners = np.array([centre - half, centre + half])
    if corners[:, 1].min() < 2.0:
        return
    up = np.array([0, 0, height])
    quad = np.concatenate([corners + up, corners[::-1]]).astype(np.float32)
    seen = camera.project(quad)
    rows, columns = picture.shape[:2]
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, np.ascontiguousarray(seen[:, :2]))
    size = (FRAME_WIDTH, FRAME_HEIGHT)
    warped = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_AREA)
    opacity = warped[..., 3:]
    near = float(seen[2:, 2].mean())
    behind = depth[..., None] > near - 0.3
    opacity = opacity * behind
    light = upright * float(rng.uniform(0.6, 1.3))
    lit += opacity * (warped[..., :3] * light - lit)
    depth[opacity[..., 0] > 0.5] = near


def _lamps(rng: np.random.Generator) -> Floats:
    rows, columns = np.mgrid[:FRAME_HEIGHT, :FRAME_WIDTH].astype(np.float32)
    field = np.full((FRAME_HEIGHT, FRAME_WIDTH), 0.3, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(0, FRAME_WIDTH), rng.uniform(0.2, 0.9) * FRAME_HEIGHT
        field += np.exp(-np.hypot(columns - x, 1.6 * (rows - y)) / rng.uniform(120, 300))
    return field[..., None]
