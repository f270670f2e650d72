"""The pixel loops of shading, compiled to machine code."""

import numpy as np

from reid_align.synth.arrays import Floats, Integers, Pixels
from reid_align.synth.drawing.jit import kernel

# Metres by which a surface may lie behind what the light sees before it is in shadow.
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
    """Return (H, W, 4) linear color and coverage; the arguments are those of `shade`, unpacked."""
    height, width = face.shape
    out = np.zeros((height, width, 4), np.float32)
    place, normal = np.zeros(3, np.float32), np.zeros(3, np.float32)
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
                place[n] = a * points[i, n] + b * points[j, n] + c * points[k, n]
                normal[n] = a * normals[i, n] + b * normals[j, n] + c * normals[k, n]
                view[n] = eye[n] - place[n]
                length += normal[n] * normal[n]
                distance += view[n] * view[n]
                facing += normal[n] * view[n]
            # The inside of cloth is lit like the outside of the other side.
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
                lit = _lit(place, to_light, shadow)
            diffuse = max(diffuse, 0.0) * lit
            shine = gloss * lit * max(half / np.sqrt(half_length), 0.0) ** 20
            u = a * texels[f, 0, 0] + b * texels[f, 1, 0] + c * texels[f, 2, 0]
            v = a * texels[f, 0, 1] + b * texels[f, 1, 1] + c * texels[f, 2, 1]
            _sample(page, to_linear, u, v, texel)
            up = 0.5 + 0.5 * normal[2]
            for n in range(3):
                arriving = sky[n] * up + ground[n] * (1.0 - up) + sun[n] * diffuse
                out[y, x, n] = texel[n] * texel[3] * arriving + shine * sun[n]
            out[y, x, 3] = 1.0
    return out


@kernel
def _lit(place: Floats, to_light: Floats, shadow: Floats) -> float:
    """Return the share of light that arrives at a place, by comparing with four neighbors."""
    height, width = shadow.shape
    u = v = depth = 0.0
    for n in range(3):
        u += to_light[0, n] * place[n]
        v += to_light[1, n] * place[n]
        depth += to_light[2, n] * place[n]
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
def _sample(page: Pixels, to_linear: Floats, u: float, v: float, out: Floats) -> None:
    """Read linear color and crease shade between four texels of the page."""
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
def map_pixels(
    face: Integers,
    first: Floats,
    second: Floats,
    parts: Pixels,
    uv: Floats,
    step: int,
) -> Pixels:
    """Return (H / step, W / step, 3) the dense map; the arguments are those of `dense_map`."""
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
