"""Small rotations in the body's axes: left is +X, back is +Y, up is +Z."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def pitch(degrees: float) -> Array:
    """Rotation about the left-pointing axis; positive takes what hangs down backwards."""
    c, s = _cos_sin(degrees)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def roll(degrees: float) -> Array:
    """Rotation about the back-pointing axis; positive leans the head to the left."""
    c, s = _cos_sin(degrees)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def yaw(degrees: float) -> Array:
    """Rotation about the upward axis; positive turns to the left."""
    c, s = _cos_sin(degrees)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def between(start: Array, end: Array) -> Array:
    """The smallest rotation that takes the direction ``start`` to ``end``, neither of length zero.

    Opposite directions are turned about an arbitrary axis.
    """
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis, cosine = np.cross(a, b), float(a @ b)
    if cosine < -0.9999:
        other = np.cross(a, [1.0, 0.3, 0.2])
        other /= np.linalg.norm(other)
        return 2 * np.outer(other, other) - np.eye(3)
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + cross + cross @ cross / (1 + cosine)


def _cos_sin(degrees: float) -> tuple[float, float]:
    return float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))
