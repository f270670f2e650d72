"""Smooth random fields, in space and in the plane."""

import numpy as np

from reid_align.synth.arrays import Floats

_LATTICE = 24


def spatial_noise(rng: np.random.Generator, points: Floats, scale: float, count: int) -> Floats:
    """Return (count, N) smooth fields of about unit spread at points (N, 3).

    Args:
        rng: source of the fields.
        points: in meters.
        scale: distance in meters over which a field changes.
        count: how many independent fields.
    """
    fields = np.empty((count, len(points)), np.float32)
    for field in fields:
        lattice = rng.standard_normal((_LATTICE,) * 3).astype(np.float32)
        place = (points / scale + rng.random(3) * _LATTICE) % (_LATTICE - 1)
        cell = place.astype(np.int64)
        # Smooth steps hide the lattice.
        x, y, z = ((3 - 2 * f) * f * f for f in (place - cell).T.astype(np.float32))
        i, j, k = cell.T
        low = _mix(
            _mix(lattice[i, j, k], lattice[i + 1, j, k], x),
            _mix(lattice[i, j + 1, k], lattice[i + 1, j + 1, k], x),
            y,
        )
        k1 = k + 1
        high = _mix(
            _mix(lattice[i, j, k1], lattice[i + 1, j, k1], x),
            _mix(lattice[i, j + 1, k1], lattice[i + 1, j + 1, k1], x),
            y,
        )
        field[:] = 1.6 * _mix(low, high, z)
    return fields


def _mix(low: Floats, high: Floats, weight: Floats) -> Floats:
    return low + (high - low) * weight
