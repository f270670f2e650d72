"""Lights what the rasteriser found, and writes down which point of the body each pixel shows."""

from dataclasses import dataclass

import numpy as np

from reid_align.synth.arrays import Floats, Pixels
from reid_align.synth.drawing.mesh import Mesh
from reid_align.synth.drawing.raster import Fragments, bounds, rasterise, vertex_normals
from reid_align.synth.drawing.shading_kernels import map_pixels, shade_pixels

_SHADOW_HEIGHT, _SHADOW_WIDTH = 144, 96
# Display values to linear light; 2.2 is close enough to sRGB's curve for clothes.
_TO_LINEAR = ((np.arange(256) / 255) ** 2.2).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Light:
    """Light at a place; colors are linear, (3,) float32.

    Attributes:
        direction: (3,) unit vector toward the sun or the lamp.
        sun: color of the directed light.
        sky: color of the light from above.
        ground: color of the light from below.
        gloss: strength of highlights.
    """

    direction: Floats
    sun: Floats
    sky: Floats
    ground: Floats
    gloss: float = 0.04


def shade(
    mesh: Mesh,
    page: Pixels,
    fragments: Fragments,
    eye: Floats,
    light: Light,
) -> Floats:
    """Return (H, W, 4) linear color and coverage (0 or 1).

    Args:
        mesh: what was drawn, with its vertices in the world.
        page: (288, 256, 4) texture, material strip, creases.
        fragments: what each pixel sees.
        eye: (3,) where the camera is.
        light: what lights it; it throws shadows on itself.
    """
    points = mesh.vertices
    normals = vertex_normals(points, mesh.faces)
    to_light, shadow = _shadow_map(mesh, light.direction)
    return shade_pixels(
        fragments.face, fragments.first, fragments.second, mesh.faces, points, normals,
        mesh.texels, page, _TO_LINEAR, eye, light.direction, light.sun, light.sky, light.ground,
        light.gloss, to_light, shadow,
    )  # fmt: skip


def dense_map(mesh: Mesh, fragments: Fragments, step: int) -> Pixels:
    """Return (H / step, W / step, 3) uint8: part, U·255 and V·255 of every ``step``-th pixel.

    Background, bags and hats have 0 in all three.
    """
    return map_pixels(fragments.face, fragments.first, fragments.second, mesh.parts, mesh.uv, step)


def _shadow_map(mesh: Mesh, direction: Floats) -> tuple[Floats, Floats]:
    """Return the affine map (3, 4) to the light's view, and the inverse depths it sees."""
    side = np.cross(direction, [0.0, 0.0, 1.0])
    side = side / (np.linalg.norm(side) + 1e-6)
    axes = np.stack([side, np.cross(side, direction), -direction]).astype(np.float32)
    points = mesh.vertices
    low, high = bounds(points[::5] @ axes.T)
    low, high = low - 0.03, high + 0.03
    size = np.array([_SHADOW_WIDTH, _SHADOW_HEIGHT], np.float32)
    scale = float(((size - 2) / (high - low)[:2]).min())
    # A large constant depth makes the projection parallel.
    factors = np.array([scale, scale, 1], np.float32)
    offset = np.array([1 - low[0] * scale, 1 - low[1] * scale, 20 - low[2]], np.float32)
    to_light = np.concatenate([axes * factors[:, None], offset[:, None]], 1)
    seen = Fragments.empty(_SHADOW_HEIGHT, _SHADOW_WIDTH)
    view = points @ to_light[:, :3].T + to_light[:, 3]
    rasterise(view, mesh.faces, mesh.two_sided, seen)
    return to_light, seen.inverse_depth
