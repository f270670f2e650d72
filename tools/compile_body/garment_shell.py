"""Finds, for every point of the body, its place on the smooth garment shell around it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import MissingExtraError


@dataclass(frozen=True, eq=False)
class Shell:
    """Points of a triangle mesh, given by corners and barycentric weights.

    Attributes:
        covered: (V,) bool, whether the shell covers a vertex.
        corners: (C, 3) indices of the covered vertices' shell triangles, in the full mesh.
        weights: (C, 3) float64, sums to one.
    """

    covered: NDArray[np.bool_]
    corners: NDArray[np.int64]
    weights: NDArray[np.float64]

    def points(self, bodies: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (N, C, 3) the shell points of full-mesh vertices (N, V, 3)."""
        weighted = bodies[:, self.corners] * self.weights[..., None].astype(np.float32)
        return np.asarray(weighted.sum(2))


def project_on_shell(
    full: NDArray[np.float64],
    vertices: NDArray[np.int64],
    candidates: NDArray[np.bool_],
    faces: NDArray[np.int64],
    limit: float = 0.05,
) -> Shell:
    """Project the body ``vertices`` on the shell ``faces``; both index ``full`` (V, 3).

    Only ``candidates`` that lie within ``limit`` meters are covered.

    Raises:
        MissingExtraError: ``trimesh`` is not installed.
    """
    try:
        import trimesh
    except ImportError as error:
        raise MissingExtraError("trimesh", "synth-compile", "Compiling the body") from error
    mesh = trimesh.Trimesh(full, faces, process=False)
    points, distance, triangle = trimesh.proximity.closest_point(mesh, full[vertices])
    weights = trimesh.triangles.points_to_barycentric(mesh.triangles[triangle], points)
    covered = candidates & (distance < limit)
    weights = weights[covered].clip(0, 1)
    return Shell(covered, faces[triangle[covered]], weights / weights.sum(1, keepdims=True))
