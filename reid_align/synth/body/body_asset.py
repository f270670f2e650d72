"""Format and reader of the compiled body model."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import OutputError
from reid_align.synth.array_types import Floats, Integers, Pixels
from reid_align.synth.body.part_charts import texel_table

ASSET_PATH = Path(__file__).parents[1] / "assets" / "body.npz"


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles with charts.

    Attributes:
        faces: (F, 3) int32 vertex indices.
        parts: (F,) uint8 part ids in 1..24.
        uv: (F, 3, 2) float32 U and V of the corners in [0, 1].
        texels: (F, 3, 2) float32 (column, row) of the corners in the texture.
    """

    faces: Integers
    parts: Pixels
    uv: Floats
    texels: Floats


@dataclass(frozen=True, eq=False)
class BodyAsset:
    """Body model in meters: Z is up, the front is -Y, left is +X, arms are away from the trunk.

    Order of points: vertices of body, skirt and hair, then garment shell points, then bone heads.

    Attributes:
        mean: (P, 3) float32 mean points.
        basis: (K, P, 3) float32 principal directions, for coefficients of about unit size.
        coefficients: (N, K) float32 coefficients of the compiled adult bodies.
        phenotypes: (N, 6) float32 gender (0 male, 1 female), age, muscle, weight, height and
            proportions of those bodies, in [0, 1].
        bones: bone names; parents come before children.
        parents: (B,) int64, -1 for the root.
        bone_indices: (V, 4) uint8 of body, skirt and hair vertices.
        bone_weights: (V, 4) float32, rows sum to one.
        shell_vertices: (C,) body vertex of each shell point.
        sizes: number of vertices of body, skirt and hair.
        mirror: (V,) index of the mirrored vertex.
        body, skirt, hair: surfaces.
    """

    mean: Floats
    basis: Floats
    coefficients: Floats
    phenotypes: Floats
    bones: tuple[str, ...]
    parents: Integers
    bone_indices: Pixels
    bone_weights: Floats
    shell_vertices: Integers
    sizes: tuple[int, int, int]
    mirror: Integers
    body: Surface
    skirt: Surface
    hair: Surface

    @property
    def vertex_count(self) -> int:
        """Number of vertices of body, skirt and hair."""
        return sum(self.sizes)


@cache
def load_asset(path: Path = ASSET_PATH) -> BodyAsset:
    """Read the asset, cached in the process.

    Raises:
        OutputError: the file is missing or damaged.
    """
    try:
        # Opened here, because NumPy does not close a damaged archive.
        with path.open("rb") as stream, np.load(stream) as file:
            arrays = {name: file[name] for name in file.files}
        return _from_arrays(arrays)
    # Damaged archives raise EOFError, BadZipFile, zlib.error, RuntimeError and others.
    except Exception as error:
        raise OutputError(
            f"{path}: not a complete body asset ({error}). Reinstall reid-align."
        ) from error


def _from_arrays(arrays: dict[str, NDArray[np.generic]]) -> BodyAsset:
    body, skirt, hair = (int(size) for size in arrays["sizes"])
    scale = arrays["scale"].astype(np.float32)
    return BodyAsset(
        mean=arrays["mean"].astype(np.float32),
        basis=arrays["basis"].astype(np.float32) * scale[:, None, None],
        coefficients=arrays["coefficients"].astype(np.float32),
        phenotypes=arrays["phenotypes"].astype(np.float32),
        bones=tuple(str(bone) for bone in arrays["bones"]),
        parents=arrays["parents"].astype(np.int64),
        bone_indices=arrays["bone_indices"].astype(np.uint8),
        bone_weights=arrays["bone_weights"].astype(np.float32) / 255,
        shell_vertices=arrays["shell_vertices"].astype(np.int64),
        sizes=(body, skirt, hair),
        mirror=arrays["mirror"].astype(np.int64),
        body=_surface(arrays, "body"),
        skirt=_surface(arrays, "skirt"),
        hair=_surface(arrays, "hair"),
    )


def _surface(arrays: dict[str, NDArray[np.generic]], name: str) -> Surface:
    parts = arrays[f"{name}_parts"].astype(np.uint8)
    uv = arrays[f"{name}_uv"].astype(np.float32) / 65535
    return Surface(arrays[f"{name}_faces"].astype(np.int32), parts, uv, chart_texels(parts, uv))


def chart_texels(parts: Pixels, uv: Floats) -> Floats:
    """Return (F, 3, 2) texture columns and rows of corners (F, 3, 2) on parts (F,)."""
    table = texel_table()[parts]
    ones = np.ones((*uv.shape[:2], 1), np.float32)
    texels = np.einsum("fij,fkj->fki", table, np.concatenate([uv, ones], -1))
    return np.asarray(texels, np.float32)
