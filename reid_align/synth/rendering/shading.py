"""Shading of rasterized meshes, and rendering of their dense pose maps (IUV)."""

from dataclasses import dataclass

import numpy as np

from reid_align.synth.array_types import Floats, Integers, Pixels
from reid_align.synth.rendering.mesh import Mesh, bounds, vertex_normals
from reid_align.synth.rendering.numba_kernel import kernel
from reid_align.synth.rendering.rasterizer import Fragments, rasterize

_SHADOW_HEIGHT, _SHADOW_WIDTH = 144, 96
# Display values to linear light; approximates the sRGB curve with a gamma of 2.2.
_TO_LINEAR = ((np.arange(256) / 255) ** 2.2).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Light:
    """Illumination; colors are linear, (3,) float32.

    Attributes:
        direction: (3,) unit vector toward the sun or the lamp.
        sun: color of the directional light.
        sky: color of the ambient light from above.
        ground: color of the ambient light from below.
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
    """Return (H, W, 4) linear color and coverage (0 or 1), with shadows of the mesh on itself.

    Args:
        mesh: rasterized mesh with vertices in world coordinates.
        page: (288, 256, 4) texture page of the mesh.
        fragments: rasterization of the mesh.
        eye: (3,) camera position.
        light: illumination.
    """
    points = mesh.vertices
    normals = vertex_normals(points, mesh.faces)
    to_light, shadow = _shadow_map(mesh, light.direction)
    return shade_pixels(
        fragments.face, fragments.first, fragments.second, mesh.faces, points, normals,
        mesh.texels, page, _TO_LINEAR, eye, light.direction, light.sun, light.sky, light.ground,
        light.gloss, to_light, shadow,
    )  # fmt: skip


def iuv_map(mesh: Mesh, fragments: Fragments, step: int) -> Pixels:
    """Return the dense pose map (H / step, W / step, 3) uint8: part, U·255 and V·255.

    Background, bags and hats are 0 in all three.
    """
    return iuv_pixels(fragments.face, fragments.first, fragments.second, mesh.parts, mesh.uv, step)


def _shadow_map(mesh: Mesh, direction: Floats) -> tuple[Floats, Floats]:
    """Return the affine map (3, 4) to light coordinates, and the inverse depths seen from there."""
    side = np.cross(direction, [0.0, 0.0, 1.0])
    side = side / (np.linalg.norm(side) + 1e-6)
    axes = np.stack([side, np.cross(side, direction), -direction]).astype(np.float32)
    points = mesh.vertices
    low, high = bounds(points[::5] @ axes.T)
    low, high = low - 0.03, high + 0.03
    size = np.array([_SHADOW_WIDTH, _SHADOW_HEIGHT], np.float32)
    scale = float(((size - 2) / (high - low)[:2]).min())
    # A large constant depth gives a parallel projection.
    factors = np.array([scale, scale, 1], np.float32)
    offset = np.array([1 - low[0] * scale, 1 - low[1] * scale, 20 - low[2]], np.float32)
    to_light = np.concatenate([axes * factors[:, None], offset[:, None]], 1)
    seen = Fragments.empty(_SHADOW_HEIGHT, _SHADOW_WIDTH)
    view = points @ to_light[:, :3].T + to_light[:, 3]
    rasterize(view, mesh.faces, mesh.two_sided, seen)
    return to_light, seen.inverse_depth


# Depth tolerance in meters that prevents surfaces from shadowing themselves.
_SHADOW_BIAS = 0.03


@kernel
def shade_pixels(
    face: Integers,
    first: Floats,
    second: Floats,
    faces: Integers,
    points: Floats,
    normals: Floats,
    texels: Floats,
    page: Pixels,
    to_linear: Floats,
    eye: Floats,
    direction: Floats,
    sun: Floats,
    sky: Floats,
    ground: Floats,
    gloss: float,
    to_light: Floats,
    shadow: Floats,
) -> Floats:
    """Return (H, W, 4) linear color and coverage; takes the arguments of `shade` as arrays."""
    height, width = face.shape
    out = np.zeros((height, width, 4), np.float32)
    position, normal = np.zeros(3, np.float32), np.zeros(3, np.float32)
    texel, view = np.zeros(4, np.float32), np.zeros(3, np.float32)
    for y in range(height):
        for x in range(width):
            f = face[y, x]
            if f < 0:
                continue
            a, b = first[y, x], second[y, x]
            c = 1.0 - a - b
            i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
            length, distance, facing = 1e-12, 1e-12, 0.0
            for n in range(3):
                position[n] = a * points[i, n] + b * points[j, n] + c * points[k, n]
                normal[n] = a * normals[i, n] + b * normals[j, n] + c * normals[k, n]
                view[n] = eye[n] - position[n]
                length += normal[n] * normal[n]
                distance += view[n] * view[n]
                facing += normal[n] * view[n]
            # Normals of back faces are flipped.
            sign = 1.0 / np.sqrt(length) if facing >= 0 else -1.0 / np.sqrt(length)
            diffuse, half_length, half = 0.0, 1e-12, 0.0
            for n in range(3):
                normal[n] *= sign
                diffuse += normal[n] * direction[n]
                middle = direction[n] + view[n] / np.sqrt(distance)
                half += normal[n] * middle
                half_length += middle * middle
            lit = 0.0
            if diffuse > 0.0:
                lit = _lit_share(position, to_light, shadow)
            diffuse = max(diffuse, 0.0) * lit
            shine = gloss * lit * max(half / np.sqrt(half_length), 0.0) ** 20
            u = a * texels[f, 0, 0] + b * texels[f, 1, 0] + c * texels[f, 2, 0]
            v = a * texels[f, 0, 1] + b * texels[f, 1, 1] + c * texels[f, 2, 1]
            _sample_page(page, to_linear, u, v, texel)
            up = 0.5 + 0.5 * normal[2]
            for n in range(3):
                arriving = sky[n] * up + ground[n] * (1.0 - up) + sun[n] * diffuse
                out[y, x, n] = texel[n] * texel[3] * arriving + shine * sun[n]
            out[y, x, 3] = 1.0
    return out


@kernel
def _lit_share(position: Floats, to_light: Floats, shadow: Floats) -> float:
    """Return the share of light that reaches a point, from four shadow map entries."""
    height, width = shadow.shape
    u = v = depth = 0.0
    for n in range(3):
        u += to_light[0, n] * position[n]
        v += to_light[1, n] * position[n]
        depth += to_light[2, n] * position[n]
    u, v, depth = u + to_light[0, 3], v + to_light[1, 3], depth + to_light[2, 3]
    limit = 1.0 / (depth - _SHADOW_BIAS)
    lit = 0.0
    for row in range(int(v - 0.5), int(v - 0.5) + 2):
        for column in range(int(u - 0.5), int(u - 0.5) + 2):
            outside = row < 0 or column < 0 or row >= height or column >= width
            if outside or shadow[row, column] < limit:
                lit += 0.25
    return lit


@kernel
def _sample_page(page: Pixels, to_linear: Floats, u: float, v: float, out: Floats) -> None:
    """Interpolate linear color and crease shade between four texels of the page."""
    height, width = page.shape[:2]
    u = min(max(u, 0.0), width - 1.001)
    v = min(max(v, 0.0), height - 1.001)
    column, row = int(u), int(v)
    fu, fv = u - column, v - row
    w0, w1 = (1 - fu) * (1 - fv), fu * (1 - fv)
    w2, w3 = (1 - fu) * fv, fu * fv
    p, q = page[row, column], page[row, column + 1]
    r, s = page[row + 1, column], page[row + 1, column + 1]
    for n in range(3):
        out[n] = (
            w0 * to_linear[p[n]]
            + w1 * to_linear[q[n]]
            + w2 * to_linear[r[n]]
            + w3 * to_linear[s[n]]
        )
    out[3] = (w0 * p[3] + w1 * q[3] + w2 * r[3] + w3 * s[3]) / 128.0


@kernel
def iuv_pixels(
    face: Integers,
    first: Floats,
    second: Floats,
    parts: Pixels,
    uv: Floats,
    step: int,
) -> Pixels:
    """Return the map of `iuv_map`; takes its arguments as arrays."""
    height, width = face.shape[0] // step, face.shape[1] // step
    out = np.zeros((height, width, 3), np.uint8)
    for y in range(height):
        for x in range(width):
            f = face[y * step, x * step]
            if f < 0 or parts[f] == 0:
                continue
            a, b = first[y * step, x * step], second[y * step, x * step]
            c = 1.0 - a - b
            out[y, x, 0] = parts[f]
            for n in range(2):
                value = a * uv[f, 0, n] + b * uv[f, 1, n] + c * uv[f, 2, n]
                out[y, x, 1 + n] = int(min(max(value, 0.0), 1.0) * 255.0 + 0.5)
    return out
