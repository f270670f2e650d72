"""Rendering of one camera image of an avatar."""

from dataclasses import dataclass, replace

import numpy as np

from reid_align.synth.appearance.avatar import Avatar, posed_mesh
from reid_align.synth.array_types import Floats, Pixels
from reid_align.synth.body.body_asset import BodyAsset
from reid_align.synth.body.body_pose import Pose
from reid_align.synth.rendering.image_ops import resize
from reid_align.synth.rendering.mesh import Mesh
from reid_align.synth.rendering.rasterizer import Fragments, rasterize
from reid_align.synth.rendering.rotations import yaw
from reid_align.synth.rendering.shading import Light, iuv_map, shade
from reid_align.synth.scenes.cameras import FRAME_HEIGHT, FRAME_WIDTH, Camera
from reid_align.synth.scenes.scenes import Scene
from reid_align.synth.views.camera_response import photograph
from reid_align.synth.views.compositing import PasserBy, background_at, cast_shadow, compose
from reid_align.synth.views.placement import DetectorBox, detector_box, standing_place

HEIGHT = 256
# Metres between a person's middle and what hides them at least.
_THICKNESS = 0.35


@dataclass(frozen=True, eq=False)
class View:
    """A image and what is known about it.

    Attributes:
        image: (256, W, 3) uint8 RGB.
        iuv: (256, W, 3) uint8 part, U·255, V·255; what is hidden is background.
        box: in the camera's frame.
        pose: what the person does.
        heading: degrees in [0, 360) by which the person is turned from facing the camera to their
            own left: at 90 they look to the right edge of the image.
        visible: of the part of the person that lies inside the box, the share that nothing hides.
    """

    image: Pixels
    iuv: Pixels
    box: DetectorBox
    pose: Pose
    heading: float
    visible: float


def render_view(
    asset: BodyAsset,
    person: Avatar,
    pose: Pose,
    camera: Camera,
    scene: Scene,
    passers_by: tuple[PasserBy, ...],
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
        passers: who may come into the image.
        rng: source of everything that differs from image to image.
        width: of the image in pixels; it is 256 tall and shows the same box.
    """
    shape = (HEIGHT, width)
    place = standing_place(camera, scene.depth, rng)
    heading = float(camera.turn + rng.choice((0, 180)) + rng.normal(0, 40)) % 360
    # To face the camera is to face the place it hangs at, not to face along the scene.
    bearing = float(np.degrees(np.arctan2(-place[0], place[1])))
    turned = yaw(heading + bearing).T.astype(np.float32)
    mesh = posed_mesh(asset, person, pose)
    points = mesh.vertices @ turned + place
    mesh = replace(mesh, vertices=points)
    projected = camera.project(points)
    box = detector_box(projected, camera.tight, rng)
    rows = int(np.clip(box.height * camera.response.resolution, 36, HEIGHT))
    oversampling = 1 if rows < 170 else 2
    seen = _rasterize(mesh, projected, box, shape, oversampling)
    light = _light_at(camera, scene, place, rng)
    color = shade(mesh, person.page, seen, camera.eye, light)
    iuv = iuv_map(mesh, seen, oversampling)
    background, depth = background_at(scene, box, shape)
    background *= 1 - cast_shadow(points, camera, light, box, shape)[..., None]
    nearer = depth < float(projected[:, 2].mean()) - _THICKNESS
    composite = compose(background, resize(color, *shape), nearer, passers_by, light, rng)
    iuv[composite.hidden] = 0
    image = photograph(composite.light, camera.response, rows, rng)
    return View(image, iuv, box, pose, heading, composite.visible)


def _rasterize(
    mesh: Mesh, projected: Floats, box: DetectorBox, shape: tuple[int, int], oversampling: int
) -> Fragments:
    height, width = (size * oversampling for size in shape)
    scale = np.array([width / box.width, height / box.height], np.float32)
    points = projected.copy()
    points[:, :2] = (points[:, :2] - np.array([box.left, box.top], np.float32)) * scale
    seen = Fragments.empty(height, width)
    rasterize(points, mesh.faces, mesh.two_sided, seen)
    return seen


def _light_at(camera: Camera, scene: Scene, place: Floats, rng: np.random.Generator) -> Light:
    """Return the light where a person stands: in the sun or the shade, brighter or dimmer."""
    column, row, _ = camera.project(place[None])[0]
    row = int(np.clip(row, 0, FRAME_HEIGHT - 1))
    column = int(np.clip(column, 0, FRAME_WIDTH - 1))
    sunlit = scene.sunlit[row, column] / 255
    factor = np.float32(np.exp(rng.normal(0, 0.15)))
    light = camera.light
    sun, sky, ground = light.sun * np.float32(sunlit), light.sky, light.ground
    return replace(light, sun=sun * factor, sky=sky * factor, ground=ground * factor)
