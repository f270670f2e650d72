"""Z-buffer rasterizer."""

from dataclasses import dataclass

import numpy as np

from reid_align.synth.array_types import Floats, Integers, Mask
from reid_align.synth.rendering.numba_kernel import kernel


@dataclass
class Fragments:
    """Visible triangle at each pixel.

    Attributes:
        face: (H, W) int32 triangle index, -1 for background.
        first: (H, W) float32 perspective-correct barycentric weight of the first corner.
        second: (H, W) float32 weight of the second corner.
        inverse_depth: (H, W) float32, 0 for background.
    """

    face: Integers
    first: Floats
    second: Floats
    inverse_depth: Floats

    @classmethod
    def empty(cls, height: int, width: int) -> "Fragments":
        """Return fragments of an empty image."""
        shape = (height, width)
        zeros = [np.zeros(shape, np.float32) for _ in range(3)]
        return cls(np.full(shape, -1, np.int32), *zeros)


def rasterize(points: Floats, faces: Integers, two_sided: Mask, out: Fragments) -> None:
    """Draw triangles into ``out``; the nearest triangle is visible.

    Args:
        points: (V, 3) column, row, depth; the center of a pixel is at its index plus 0.5.
            Triangles with a corner nearer than 1 mm are skipped.
        faces: (F, 3) corners, counter-clockwise as seen from outside.
        two_sided: (F,) draw the back of the triangle too.
        out: modified in place.
    """
    _rasterize(points, faces, two_sided, out.face, out.first, out.second, out.inverse_depth)


@kernel
def _rasterize(
    points: Floats,
    faces: Integers,
    two_sided: Mask,
    face: Integers,
    first: Floats,
    second: Floats,
    inverse_depth: Floats,
) -> None:
    height, width = face.shape
    for f in range(faces.shape[0]):
        i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
        x0, y0, z0 = points[i, 0], points[i, 1], points[i, 2]
        x1, y1, z1 = points[j, 0], points[j, 1], points[j, 2]
        x2, y2, z2 = points[k, 0], points[k, 1], points[k, 2]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        # Rows increase downwards, so triangles that face the camera have a negative area.
        if area == 0.0 or (area > 0.0 and not two_sided[f]) or min(z0, z1, z2) < 1e-3:
            continue
        left = max(0, int(np.ceil(min(x0, x1, x2) - 0.5)))
        right = min(width - 1, int(np.floor(max(x0, x1, x2) - 0.5)))
        top = max(0, int(np.ceil(min(y0, y1, y2) - 0.5)))
        bottom = min(height - 1, int(np.floor(max(y0, y1, y2) - 0.5)))
        if left > right or top > bottom:
            continue
        q0, q1, q2 = 1.0 / z0, 1.0 / z1, 1.0 / z2
        step0, step1 = -(y2 - y1) / area, -(y0 - y2) / area
        for row in range(top, bottom + 1):
            x, y = left + 0.5, row + 0.5
            w0 = ((x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)) / area
            w1 = ((x2 - x) * (y0 - y) - (x0 - x) * (y2 - y)) / area
            for column in range(left, right + 1):
                w2 = 1.0 - w0 - w1
                if w0 >= 0.0 and w1 >= 0.0 and w2 >= 0.0:
                    q = w0 * q0 + w1 * q1 + w2 * q2
                    if q > inverse_depth[row, column]:
                        inverse_depth[row, column] = q
                        face[row, column] = f
                        first[row, column] = w0 * q0 / q
                        second[row, column] = w1 * q1 / q
                w0 += step0
                w1 += step1
