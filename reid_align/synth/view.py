"""One picture of one person: placed in a camera's scene, rendered, composited, photographed."""

from dataclasses import dataclass, replace

import numpy as np

from reid_align.synth.arrays import Floats, Pixels
from reid_align.synth.asset import BodyAsset
from reid_align.synth.box import Box, detect, stand
from reid_align.synth.cameras import FRAME_HEIGHT, FRAME_WIDTH, Camera
from reid_align.synth.imaging import blur, cut, resize
from reid_align.synth.passers import Passer, place_passer
from reid_align.synth.person import Person, posed_vertices
from reid_align.synth.photometric import photograph
from reid_align.synth.pose import Pose
from reid_align.synth.raster import Fragments, rasterise
from reid_align.synth.rotations import yaw
from reid_align.synth.scenes import WHITE, Scene
from reid_align.synth.shading import Light, dense_map, shade

HEIGHT = 256
_TO_LIGHT = ((np.arange(256) / 255) ** 2 * WHITE).astype(np.float32)


@dataclass(frozen=True)
class View:
    """A picture and what is known about it.

    Attributes:
        image: (256, W, 3) uint8 RGB.
        iuv: (256, W, 3) uint8 part, U·255, V·255; what is hidden is background.
        box: in the camera's frame.
        pose: what the person does.
        heading: degrees by which the person is turned from facing the camera to its left.
        visible: share of the person's pixels in the box that nothing hides.

    """

    image: Pixels
    iuv: Pixels
    box: Box
    pose: Pose
    heading: float
    visible: float


def render_view(
    asset: BodyAsset,
    person: Person,
    pose: Pose,
    camera: Camera,
    scene: Scene,
    passers: tuple[Passer, ...],
    rng: np.random.Generator,
    width: int = 128,
) -> View:
    """Render a person in a camera's scene.

    Args:
        asset: the body model.
        person: who.
        pose: what they do.
        camera: who looks.
        scene: what is there.
        passers: who may come into the picture.
        rng: source of everything that differs from picture to picture.
        width: of the picture in pixels; it is 256 tall and shows the same box.

    """
    shape = (HEIGHT, width)
    place = stand(camera, scene.depth, rng)
    heading = float(camera.turn + rng.choice((0, 180)) + rng.normal(0, 40)) % 360
    # To face the camera is to face the place it hangs at, not to face along the scene.
    bearing = float(np.degrees(np.arctan2(-place[0], place[1])))
    turned = yaw(heading + bearing).T.astype(np.float32)
    points = posed_vertices(asset, person, pose) @ turned + place
    projected = camera.project(points)
    box = detect(projected, camera.tight, rng)
    rows = int(np.clip(box.height * camera.response.resolution, 36, HEIGHT))
    oversampling = 1 if rows < 170 else 2
    seen = _rasterise(person, projected, box, shape, oversampling)
    light = _light_at(camera, scene, place, rng)
    colour = shade(person.mesh, points, person.page, seen, camera.eye, light)
    iuv = dense_map(person.mesh, seen, oversampling)
    background, depth = _background(scene, box, shape)
    background *= 1 - _cast_shadow(points, camera, light, box, shape)[..., None]
    if passers and rng.random() < 0.3:
        _paste(passers, background, light, before=False, rng=rng)
    colour = resize(colour, *shape)
    colour, coverage = colour[..., :3], colour[..., 3]
    # The scene's own things stand before the person where they are nearer.
    hidden = depth < float(projected[:, 2].mean()) - 0.35
    present = coverage > 0.5
    coverage = np.where(hidden, 0, coverage)[..., None]
    picture = background * (1 - coverage) + colour * np.where(hidden, 0, 1)[..., None]
    if passers and rng.random() < 0.13:
        hidden |= _paste(passers, picture, light, before=True, rng=rng) > 0.5
    iuv[hidden] = 0
    image = photograph(picture.astype(np.float32), camera.response, rows, rng)
    visible = float((present & ~hidden).sum() / max(1, present.sum()))
    return View(image, iuv, box, pose, heading, visible)


def _rasterise(
    person: Person, projected: Floats, box: Box, shape: tuple[int, int], oversampling: int
) -> Fragments:
    height, width = (size * oversampling for size in shape)
    scale = np.array([width / box.width, height / box.height], np.float32)
    points = projected.copy()
    points[:, :2] = (points[:, :2] - np.array([box.left, box.top], np.float32)) * scale
    seen = Fragments.empty(height, width)
    rasterise(points, person.mesh.faces, person.mesh.two_sided, seen)
    return seen


def _light_at(camera: Camera, scene: Scene, place: Floats, rng: np.random.Generator) -> Light:
    """The camera's light where a person stands: in the sun, in the shade, brighter or dimmer."""
    column, row, _ = camera.project(place[None])[0]
    row = int(np.clip(row, 0, FRAME_HEIGHT - 1))
    column = int(np.clip(column, 0, FRAME_WIDTH - 1))
    sunlit = scene.sunlit[row, column] / 255
    factor = np.float32(np.exp(rng.normal(0, 0.15)))
    light = camera.light
    return replace(
        light, sun=light.sun * np.float32(sunlit) * factor, sky=light.sky * factor,
        ground=light.ground * factor,
    )  # fmt: skip


def _background(scene: Scene, box: Box, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    height, width = shape
    scale = np.array([box.width / width, box.height / height])
    matrix = np.array(
        [[scale[0], 0, box.left + scale[0] / 2], [0, scale[1], box.top + scale[1] / 2]]
    )
    frame = cut(scene.frame, matrix, height, width, smooth=True)
    depth = cut(scene.depth, matrix, height, width, smooth=False)
    return _TO_LIGHT[frame], depth


def _cast_shadow(
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


def _paste(
    passers: tuple[Passer, ...],
    picture: Floats,
    light: Light,
    before: bool,
    rng: np.random.Generator,
) -> Floats:
    """Put another person into the picture; return the coverage (256, W)."""
    passer = passers[int(rng.integers(len(passers)))]
    placed = place_passer(passer, picture.shape[:2], before, rng)
    brightness = light.sky * 0.8 + light.sun * 0.3
    picture *= 1 - placed.coverage[..., None]
    picture += placed.colour * brightness
    return placed.coverage
