"""Body shapes, and linear blend skinning."""

from dataclasses import dataclass

import numpy as np

from reid_align.synth.array_types import Floats, Integers, Pixels
from reid_align.synth.body.body_asset import BodyAsset
from reid_align.synth.rendering.numba_kernel import kernel


@dataclass(frozen=True, eq=False)
class RestBody:
    """Body in the rest pose, in meters.

    Attributes:
        vertices: (V, 3) float32 body, skirt and hair.
        shell: (C, 3) float32 points of the smooth garment shell.
        heads: (B, 3) float32 start points of the bones.
        female: female body.
    """

    vertices: Floats
    shell: Floats
    heads: Floats
    female: bool


def sample_body(asset: BodyAsset, rng: np.random.Generator, female: bool | None = None) -> RestBody:
    """Draw a body: a mixture of two compiled adults of one gender, random if ``female`` is None."""
    if female is None:
        female = bool(rng.random() < 0.48)
    pool = np.flatnonzero((asset.phenotypes[:, 0] > 0.5) == female)
    one, other = rng.choice(pool, 2, replace=False)
    weight = np.float32(rng.random() ** 2)
    mixed = (1 - weight) * asset.coefficients[one] + weight * asset.coefficients[other]
    points = asset.mean + np.tensordot(mixed, asset.basis, 1)
    bones = len(asset.bones)
    count = asset.vertex_count
    return RestBody(points[:count], points[count:-bones], points[-bones:], female)


def bone_transforms(heads: Floats, parents: Integers, rotations: Floats) -> Floats:
    """Return the bone transforms (B, 3, 4) of a pose.

    Args:
        heads: (B, 3) start points of the bones at rest.
        parents: (B,) parents come first; -1 for the root.
        rotations: (B, 3, 3) rotations from rest, in world axes and not relative to the parent.
    """
    starts = heads.astype(np.float64).copy()
    for bone, parent in enumerate(parents):
        if parent >= 0:
            starts[bone] = starts[parent] + rotations[parent] @ (heads[bone] - heads[parent])
    shifts = starts - np.einsum("bij,bj->bi", rotations, heads)
    return np.concatenate([rotations, shifts[..., None]], -1).astype(np.float32)


@kernel
def skin(points: Floats, indices: Pixels, weights: Floats, transforms: Floats) -> Floats:
    """Return the posed points (V, 3), by linear blend skinning.

    Args:
        points: (V, 3) at rest.
        indices: (V, 4) bones.
        weights: (V, 4), rows sum to one.
        transforms: (B, 3, 4).
    """
    posed = np.zeros_like(points)
    for v in range(points.shape[0]):
        x, y, z = points[v, 0], points[v, 1], points[v, 2]
        for k in range(weights.shape[1]):
            weight = weights[v, k]
            if weight > 0.0:
                m = transforms[indices[v, k]]
                for n in range(3):
                    posed[v, n] += weight * (m[n, 0] * x + m[n, 1] * y + m[n, 2] * z + m[n, 3])
    return posed
