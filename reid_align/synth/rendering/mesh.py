"""Triangle meshes: skinned and rigid meshes, simple shapes, normals and bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reid_align.synth.array_types import Floats, Integers, Mask, Pixels
from reid_align.synth.rendering.numba_kernel import kernel


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles with charts, texture positions and skinning weights.

    Attributes:
        vertices: (V, 3) float32 at rest, in meters.
        faces: (F, 3) int32, counter-clockwise as seen from outside.
        parts: (F,) uint8 part ids, 0 for items.
        uv: (F, 3, 2) float32 U and V of the corners; 0 where the part is 0.
        texels: (F, 3, 2) float32 texture column and row of the corners.
        indices: (V, 4) uint8 bones.
        weights: (V, 4) float32, rows sum to one.
        two_sided: (F,) both sides are visible.
    """

    vertices: Floats
    faces: Integers
    parts: Pixels
    uv: Floats
    texels: Floats
    indices: Pixels
    weights: Floats
    two_sided: Mask


def join(meshes: Sequence[Mesh]) -> Mesh:
    """Concatenate meshes."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])[:-1]
    faces = [mesh.faces + np.int32(start) for mesh, start in zip(meshes, starts, strict=True)]
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate(faces),
        np.concatenate([mesh.parts for mesh in meshes]),
        np.concatenate([mesh.uv for mesh in meshes]),
        np.concatenate([mesh.texels for mesh in meshes]),
        np.concatenate([mesh.indices for mesh in meshes]),
        np.concatenate([mesh.weights for mesh in meshes]),
        np.concatenate([mesh.two_sided for mesh in meshes]),
    )


def rigid_mesh(
    vertices: Floats, faces: Integers, texels: Floats, bone: int, two_sided: bool = False
) -> Mesh:
    """Return the mesh of an item that moves with one bone.

    Args:
        vertices: (V, 3).
        faces: (F, 3).
        texels: (V, 2) texture column and row of the vertices.
        bone: index of the bone.
        two_sided: both sides are visible.
    """
    count = len(vertices)
    indices = np.full((count, 4), bone, np.uint8)
    weights = np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1))
    return Mesh(
        vertices.astype(np.float32),
        faces.astype(np.int32),
        np.zeros(len(faces), np.uint8),
        np.zeros((len(faces), 3, 2), np.float32),
        texels[faces].astype(np.float32),
        indices,
        weights,
        np.full(len(faces), two_sided),
    )


class Primitive(NamedTuple):
    """Vertices (V, 3) in meters, faces (F, 3), and material coordinates (V, 2) in [0, 1]."""

    vertices: Floats
    faces: Integers
    material_uv: Floats


def rounded_box(
    center: Floats, size: tuple[float, float, float], roundness: float = 0.35
) -> Primitive:
    """Return a box with rounded edges; ``roundness`` 1 gives an ellipsoid."""
    rows, columns = 9, 18
    latitude, longitude = np.meshgrid(
        np.linspace(-np.pi / 2, np.pi / 2, rows),
        np.linspace(-np.pi, np.pi, columns),
        indexing="ij",
    )

    def power(values: Floats) -> Floats:
        return np.sign(values) * np.abs(values) ** roundness

    ring = power(np.cos(latitude))
    unit = np.stack(
        [ring * power(np.cos(longitude)), ring * power(np.sin(longitude)), power(np.sin(latitude))],
        -1,
    )
    vertices = unit.reshape(-1, 3) * np.array(size) / 2 + center
    material_uv = np.stack([longitude / (2 * np.pi) + 0.5, 0.5 - latitude / np.pi], -1)
    return Primitive(
        vertices.astype(np.float32),
        _grid_faces(rows, columns),
        material_uv.reshape(-1, 2).astype(np.float32),
    )


def tube(path: Floats, radii: Floats, sides: int = 8) -> Primitive:
    """Return a tube along ``path`` (N, 3) with ``radii`` (N,) in meters, open at its ends."""
    path = np.asarray(path, np.float64)
    tangents = np.gradient(path, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    helper = np.where(np.abs(tangents[:, :1]) < 0.9, [[1.0, 0, 0]], [[0, 1.0, 0]])
    first = np.cross(tangents, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(tangents, first)
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    ring = np.cos(angle)[:, None] * first[:, None] + np.sin(angle)[:, None] * second[:, None]
    vertices = path[:, None] + ring * np.asarray(radii)[:, None, None]
    around, along = np.meshgrid(np.linspace(0, 1, sides + 1), np.linspace(0, 1, len(path)))
    return Primitive(
        vertices.reshape(-1, 3).astype(np.float32),
        _grid_faces(len(path), sides + 1),
        np.stack([around, along], -1).reshape(-1, 2).astype(np.float32),
    )


def dome(center: Floats, radius: float, height: float) -> Primitive:
    """Return a shallow dome, for umbrellas and hat brims."""
    rows, columns = 6, 17
    reach, angle = np.meshgrid(
        np.linspace(0, 1, rows), np.linspace(-np.pi, np.pi, columns), indexing="ij"
    )
    vertices = np.stack(
        [radius * reach * np.cos(angle), radius * reach * np.sin(angle), height * (1 - reach**2)],
        -1,
    )
    material_uv = np.stack([angle / (2 * np.pi) + 0.5, reach], -1)
    return Primitive(
        (vertices.reshape(-1, 3) + center).astype(np.float32),
        _grid_faces(rows, columns)[:, ::-1].copy(),
        material_uv.reshape(-1, 2).astype(np.float32),
    )


def _grid_faces(rows: int, columns: int) -> Integers:
    index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, 1:].ravel(), index[1:, :-1].ravel()
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


@kernel
def bounds(points: Floats) -> Floats:
    """Return the minimum and maximum coordinates (2, 3) of points (N, 3), N ≥ 1."""
    found = np.empty((2, 3), points.dtype)
    found[0], found[1] = points[0], points[0]
    for v in range(1, points.shape[0]):
        for n in range(3):
            found[0, n] = min(found[0, n], points[v, n])
            found[1, n] = max(found[1, n], points[v, n])
    return found


@kernel
def vertex_normals(points: Floats, faces: Integers) -> Floats:
    """Return (V, 3) area-weighted unit normals; zero for a vertex without triangles."""
    normals = np.zeros_like(points)
    for f in range(faces.shape[0]):
        i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, az = (
            points[j, 0] - points[i, 0],
            points[j, 1] - points[i, 1],
            points[j, 2] - points[i, 2],
        )
        bx, by, bz = (
            points[k, 0] - points[i, 0],
            points[k, 1] - points[i, 1],
            points[k, 2] - points[i, 2],
        )
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        for corner in (i, j, k):
            normals[corner, 0] += nx
            normals[corner, 1] += ny
            normals[corner, 2] += nz
    for v in range(normals.shape[0]):
        length = np.sqrt(normals[v, 0] ** 2 + normals[v, 1] ** 2 + normals[v, 2] ** 2) + 1e-12
        for n in range(3):
            normals[v, n] /= length
    return normals
