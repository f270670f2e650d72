"""Rendering of whole camera frames with several people, and the box of each of them."""

from dataclasses import dataclass

import numpy as np

from reid_align.synth.array_types import Floats, Integers, Pixels
from reid_align.synth.rendering.image_ops import resize
from reid_align.synth.rendering.mesh import bounds
from reid_align.synth.rendering.rasterizer import Fragments, rasterize
from reid_align.synth.rendering.shading import shade
from reid_align.synth.scenes.cameras import FRAME_HEIGHT, FRAME_WIDTH, Camera
from reid_align.synth.scenes.scenes import Scene
from reid_align.synth.street_walkers import Walker
from reid_align.synth.views.camera_response import photograph
from reid_align.synth.views.compositing import background_at, cast_shadow
from reid_align.synth.views.placement import DetectorBox
from reid_align.synth.views.view import light_at

_OVERSAMPLING = 2
# Margin around a person in pixels, and minimum distance in meters between a person and an occluder.
_MARGIN, _THICKNESS = 12, 0.35
_RESPONSE_KEY = 7963


@dataclass(frozen=True)
class StreetBox:
    """Box of a person in a frame.

    Attributes:
        number: identity.
        left: left edge in pixels; edges may be outside the frame.
        top: upper edge.
        width: width in pixels.
        height: height in pixels.
        visible: share of the person that is inside the frame and not occluded, above 0.
    """

    number: int
    left: float
    top: float
    width: float
    height: float
    visible: float


def render_frame(
    camera: Camera, scene: Scene, walkers: tuple[Walker, ...], frame: int, seed: int
) -> tuple[Pixels, list[StreetBox]]:
    """Render one frame (540, 960, 3) uint8 RGB, and return the boxes of the people in it.

    Noise and tone of the camera are the same in every frame.
    """
    whole = DetectorBox(0, 0, FRAME_WIDTH, FRAME_HEIGHT)
    light, depth = background_at(scene, whole, (FRAME_HEIGHT, FRAME_WIDTH))
    owner = np.full((FRAME_HEIGHT, FRAME_WIDTH), -1)
    seen: list[tuple[StreetBox, int]] = []
    present = [walker for walker in walkers if frame >= walker.first]
    for walker in sorted(present, key=lambda w: -float(w.position(frame)[1])):
        found = _draw(walker, frame, camera, scene, light, depth, owner)
        if found is not None:
            seen.append(found)
    boxes = [
        StreetBox(b.number, b.left, b.top, b.width, b.height, shown / pixels)
        for b, pixels in seen
        if (shown := int(np.count_nonzero(owner == b.number)))
    ]
    rng = np.random.default_rng([seed, camera.index, _RESPONSE_KEY])
    image = photograph(light, camera.response, FRAME_HEIGHT, rng)
    return image, sorted(boxes, key=lambda box: box.number)


def _draw(
    walker: Walker,
    frame: int,
    camera: Camera,
    scene: Scene,
    light: Floats,
    depth: Floats,
    owner: Integers,
) -> tuple[StreetBox, int] | None:
    """Draw a person into a frame; return the box and the number of pixels without occlusion.

    Modifies ``light`` and ``owner``, the identity that is visible at each pixel. The visible share
    of the box is set later, when nearer people are drawn.
    """
    mesh = walker.mesh(frame)
    projected = camera.project(mesh.vertices)
    (left, top, _), (right, bottom, _) = bounds(projected).tolist()
    box = StreetBox(walker.number, left, top, right - left, bottom - top, 1.0)
    x0, y0 = int(left) - _MARGIN, int(top) - _MARGIN
    x1, y1 = int(right) + _MARGIN, int(bottom) + _MARGIN
    if x1 <= 0 or y1 <= 0 or x0 >= FRAME_WIDTH or y0 >= FRAME_HEIGHT:
        return None
    window, shape = DetectorBox(x0, y0, x1 - x0, y1 - y0), (y1 - y0, x1 - x0)
    points = projected.copy()
    points[:, :2] = (points[:, :2] - np.array([x0, y0], np.float32)) * _OVERSAMPLING
    fragments = Fragments.empty(*(side * _OVERSAMPLING for side in shape))
    rasterize(points, mesh.faces, mesh.two_sided, fragments)
    rng = np.random.default_rng(walker.seed)
    here = light_at(camera, scene, walker.position(frame), rng)
    color = resize(shade(mesh, walker.avatar.page, fragments, camera.eye, here), *shape)
    shadow = cast_shadow(
        mesh.vertices, camera, here, window, (shape[0] // 2 * 2, shape[1] // 2 * 2)
    )
    shadow = resize(shadow, *shape)
    rows, columns = (
        slice(max(y0, 0), min(y1, FRAME_HEIGHT)),
        slice(max(x0, 0), min(x1, FRAME_WIDTH)),
    )
    inside = (
        slice(rows.start - y0, rows.stop - y0),
        slice(columns.start - x0, columns.stop - x0),
    )
    behind = depth[rows, columns] > float(projected[:, 2].mean()) - _THICKNESS
    cover = color[inside] * behind[..., None]
    # Shadows fall on the ground, not on people and nearer things.
    dark = shadow[inside] * behind * (owner[rows, columns] < 0)
    light[rows, columns] *= 1 - dark[..., None]
    light[rows, columns] += cover[..., :3] - cover[..., 3:] * light[rows, columns]
    owner[rows, columns][cover[..., 3] > 0.5] = walker.number
    return box, max(1, int(np.count_nonzero(color[..., 3] > 0.5)))
