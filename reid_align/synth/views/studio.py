"""Parallel views of a mesh, and the fixed frontal image of an avatar."""

import numpy as np

from reid_align.synth.appearance.avatar import Avatar, posed_mesh
from reid_align.synth.array_types import Floats, Pixels
from reid_align.synth.body.body_asset import load_asset
from reid_align.synth.rendering.image_ops import resize
from reid_align.synth.rendering.mesh import Mesh
from reid_align.synth.rendering.rasterizer import Fragments, rasterize
from reid_align.synth.rendering.shading import Light, shade

HEIGHT, WIDTH = 256, 128
_OVERSAMPLING = 2
_FAR = 30.0
_EVEN = Light(
    direction=np.array([0.0, -0.6, 0.8], np.float32),
    sun=np.full(3, 0.35, np.float32),
    sky=np.full(3, 0.75, np.float32),
    ground=np.full(3, 0.45, np.float32),
)
_GRAY = 0.2
# Height of the frontal image in meters, enough for the tallest avatar, and the part below the feet.
_SPAN, _BELOW = 2.1, 0.05


def parallel_view(
    mesh: Mesh,
    page: Pixels,
    light: Light,
    size: tuple[int, int],
    meters: float,
    below: float,
    eye_height: float,
) -> Floats:
    """Return linear color and coverage (H, W, 4) of a mesh in a parallel view along +Y.

    Args:
        mesh: mesh in world coordinates; the image is centered at X = 0.
        page: texture page of the mesh.
        light: illumination.
        size: height and width of the image in pixels.
        meters: height of the image in meters.
        below: distance from the lower edge of the image to the ground in meters.
        eye_height: height of the eye for highlights.
    """
    height, width = (_OVERSAMPLING * pixels for pixels in size)
    scale = height / meters
    x, y, z = mesh.vertices.T
    columns, rows = x * scale + width / 2, height - (z + below) * scale
    view = np.stack([columns, rows, y + _FAR], 1).astype(np.float32)
    seen = Fragments.empty(height, width)
    rasterize(view, mesh.faces, mesh.two_sided, seen)
    eye = np.array([0, -_FAR, eye_height], np.float32)
    return resize(shade(mesh, page, seen, eye, light), *size)


def frontal_image(avatar: Avatar) -> Pixels:
    """Return the frontal image (256, 128, 3) uint8: standing, at a fixed scale.

    The pose has no random part.
    """
    pose = avatar.poser.sample(
        np.random.default_rng(0), avatar.posture, "frontal", ("hang", "hang")
    )
    mesh = posed_mesh(load_asset(), avatar, pose)
    color = parallel_view(mesh, avatar.page, _EVEN, (HEIGHT, WIDTH), _SPAN, _BELOW, eye_height=1)
    light = color[..., :3] + _GRAY * (1 - color[..., 3:])
    return np.round(light.clip(0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
