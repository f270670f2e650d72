"""Triangle meshes that follow a skeleton, and joining them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid_align.synth.arrays import Floats, Integers, Mask, Pixels


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles with charts, texture places and skinning weights.

    Attributes:
        vertices: (V, 3) float32 at rest, in meters.
        faces: (F, 3) int32, counter-clockwise as seen from outside.
        parts: (F,) uint8 part ids, 0 for what is no part of the body.
        uv: (F, 3, 2) float32 U and V of the corners; 0 where the part is 0.
        texels: (F, 3, 2) float32 texture column and row of the corners.
        indices: (V, 4) uint8 bones.
        weights: (V, 4) float32, rows sum to one.
        two_sided: (F,) whether both sides can be seen.
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
    """Return one mesh with the vertices and triangles of all, in their order."""
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
    """Return a thing that is no part of the body and moves with one bone.

    Args:
        vertices: (V, 3).
        faces: (F, 3).
        texels: (V, 2) texture column and row of the vertices.
        bone: index of the bone.
        two_sided: whether both sides can be seen.
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
