"""Projection of body vertices on the smooth garment shell around the body."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import MissingExtraError


@dataclass(frozen=True, eq=False)
class Shell:
    """Points on the shell, by triangle and barycentric weights.

    Attributes:
        covered: (V,) bool, vertices covered by the shell.
        corners: (C, 3) shell triangle of each covered vertex, as indices of the full mesh.
        weights: (C, 3) float64 barycentric weights.
    """

    covered: NDArray[np.bool_]
    corners: NDArray[np.int64]
    weights: NDArray[np.float64]

    def points(self, bodies: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the shell points (N, C, 3) for vertices (N, V, 3) of the full mesh."""
        weighted = bodies[:, self.corners] * self.weights[..., None].astype(np.float32)
        return np.asarray(weighted.sum(2))


def project_on_shell(
    full: NDArray[np.float64],
    vertices: NDArray[np.int64],
    candidates: NDArray[np.bool_],
    faces: NDArray[np.int64],
    limit: float = 0.05,
) -> Shell:
    """Project the body ``vertices`` on the shell ``faces``; both are indices of ``full`` (V, 3).

    Covers only ``candidates`` within ``limit`` meters of the shell.

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
