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
from reid_align.synth.views.placement import DetectorBox, detector_box, standing_position

HEIGHT = 256
# Minimum distance in meters between the center of an avatar and an occluder.
_THICKNESS = 0.35


@dataclass(frozen=True, eq=False)
class View:
    """Camera image and its labels.

    Attributes:
        image: (256, W, 3) uint8 RGB.
        iuv: (256, W, 3) uint8 part, U·255, V·255; occluded pixels are background.
        box: detector box in the frame of the camera.
        pose: pose of the avatar.
        heading: degrees in [0, 360) from facing the camera, to the left of the avatar: at 90 it
            faces the right edge of the image.
        visible: unoccluded share of the part of the avatar inside the box.
    """

    image: Pixels
    iuv: Pixels
    box: DetectorBox
    pose: Pose
    heading: float
    visible: float


def render_view(
    asset: BodyAsset,
    avatar: Avatar,
    pose: Pose,
    camera: Camera,
    scene: Scene,
    passers_by: tuple[PasserBy, ...],
    rng: np.random.Generator,
    width: int = 128,
) -> View:
    """Render an avatar in the scene of a camera.

    Args:
        asset: body model.
        avatar: avatar to render.
        pose: pose of the avatar.
        camera: camera.
        scene: scene of the camera.
        passers_by: passers-by that may appear in the image.
        rng: random generator of the variation between images.
        width: width of the image in pixels; the height is 256, and the box is the same.
    """
    shape = (HEIGHT, width)
    position = standing_position(camera, scene.depth, rng)
    heading = float(camera.turn + rng.choice((0, 180)) + rng.normal(0, 40)) % 360
    # A heading of 0 faces the position of the camera, not its viewing direction.
    bearing = float(np.degrees(np.arctan2(-position[0], position[1])))
    turned = yaw(heading + bearing).T.astype(np.float32)
    mesh = posed_mesh(asset, avatar, pose)
    points = mesh.vertices @ turned + position
    mesh = replace(mesh, vertices=points)
    projected = camera.project(points)
    box = detector_box(projected, camera.tight, rng)
    rows = int(np.clip(box.height * camera.response.resolution, 36, HEIGHT))
    oversampling = 1 if rows < 170 else 2
    seen = _rasterize(mesh, projected, box, shape, oversampling)
    light = light_at(camera, scene, position, rng)
    color = shade(mesh, avatar.page, seen, camera.eye, light)
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


def light_at(camera: Camera, scene: Scene, position: Floats, rng: np.random.Generator) -> Light:
    """Return the light at a place, in the sun or the shade, with a random brightness."""
    column, row, _ = camera.project(position[None])[0]
    row = int(np.clip(row, 0, FRAME_HEIGHT - 1))
    column = int(np.clip(column, 0, FRAME_WIDTH - 1))
    sunlit = scene.sunlit[row, column] / 255
    factor = np.float32(np.exp(rng.normal(0, 0.15)))
    light = camera.light
    sun, sky, ground = light.sun * np.float32(sunlit), light.sky, light.ground
    return replace(light, sun=sun * factor, sky=sky * factor, ground=ground * factor)
