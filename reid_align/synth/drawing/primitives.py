"""Simple closed shapes for bags, buns, brims and tubes."""

from typing import NamedTuple

import numpy as np

from reid_align.synth.arrays import Floats, Integers


class Shape(NamedTuple):
    """Vertices (V, 3) in meters, faces (F, 3), and places (V, 2) in [0, 1] on a material tile."""

    vertices: Floats
    faces: Integers
    places: Floats


def rounded_box(center: Floats, size: tuple[float, float, float], roundness: float = 0.35) -> Shape:
    """Return a box with rounded edges; ``roundness`` 1 makes it an ellipsoid."""
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
    places = np.stack([longitude / (2 * np.pi) + 0.5, 0.5 - latitude / np.pi], -1)
    return Shape(
        vertices.astype(np.float32),
        _grid_faces(rows, columns),
        places.reshape(-1, 2).astype(np.float32),
    )


def tube(path: Floats, radii: Floats, sides: int = 8) -> Shape:
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
    return Shape(
        vertices.reshape(-1, 3).astype(np.float32),
        _grid_faces(len(path), sides + 1),
        np.stack([around, along], -1).reshape(-1, 2).astype(np.float32),
    )


def dome(center: Floats, radius: float, height: float) -> Shape:
    """Return a shallow dome, the upper part of a sphere, as of an umbrella or a brim."""
    rows, columns = 6, 17
    reach, angle = np.meshgrid(
        np.linspace(0, 1, rows), np.linspace(-np.pi, np.pi, columns), indexing="ij"
    )
    vertices = np.stack(
        [radius * reach * np.cos(angle), radius * reach * np.sin(angle), height * (1 - reach**2)],
        -1,
    )
    places = np.stack([angle / (2 * np.pi) + 0.5, reach], -1)
    return Shape(
        (vertices.reshape(-1, 3) + center).astype(np.float32),
        _grid_faces(rows, columns)[:, ::-1].copy(),
        places.reshape(-1, 2).astype(np.float32),
    )


def _grid_faces(rows: int, columns: int) -> Integers:
    index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, 1:].ravel(), index[1:, :-1].ravel()
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
