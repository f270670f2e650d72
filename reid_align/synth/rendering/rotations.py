"""Rotation matrices in body axes: +X is left, +Y is back, +Z is up."""

import numpy as np

from reid_align.synth.array_types import Floats


def pitch(degrees: float) -> Floats:
    """Return the rotation about +X; a positive angle swings a hanging limb backwards."""
    c, s = _cos_sin(degrees)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def roll(degrees: float) -> Floats:
    """Return the rotation about +Y; a positive angle leans the head to the left."""
    c, s = _cos_sin(degrees)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def yaw(degrees: float) -> Floats:
    """Return the rotation about +Z; a positive angle turns to the left."""
    c, s = _cos_sin(degrees)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def rotation_between(start: Floats, end: Floats) -> Floats:
    """Return the smallest rotation from the direction ``start`` to ``end``, both nonzero.

    The axis is arbitrary for opposite directions.
    """
    a, b = start / np.sqrt(start @ start), end / np.sqrt(end @ end)
    cosine = float(a @ b)
    if cosine < -0.9999:
        other = np.array([a[1] - a[2], a[2] - a[0], a[0] - a[1]]) + 1e-6
        other /= np.sqrt(other @ other)
        return np.asarray(2 * np.outer(other, other) - np.eye(3))
    x = a[1] * b[2] - a[2] * b[1]
    y = a[2] * b[0] - a[0] * b[2]
    z = a[0] * b[1] - a[1] * b[0]
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + cross + cross @ cross / (1 + cosine))


def _cos_sin(degrees: float) -> tuple[float, float]:
    return float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))
