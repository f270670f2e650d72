"""Meshes of long hair, ponytails, buns and hat brims."""

from functools import cache

import numpy as np

from reid_align.synth.appearance.garment_meshes import surface_mesh
from reid_align.synth.appearance.material_strip import Materials
from reid_align.synth.appearance.outfit import Outfit
from reid_align.synth.array_types import Floats, Integers
from reid_align.synth.body.body_asset import BodyAsset, Surface, load_asset
from reid_align.synth.body.skinned_body import RestBody
from reid_align.synth.body.surface_fields import NECK, standard_height
from reid_align.synth.rendering.mesh import Mesh, Primitive, dome, rigid_mesh, rounded_box, tube


def hair_meshes(
    asset: BodyAsset, body: RestBody, outfit: Outfit, materials: Materials
) -> list[Mesh]:
    """Return the meshes of hair and brims that stand off the head."""
    looks, head = outfit.looks, asset.bones.index("head")
    position = body.heads[head].astype(np.float64)
    meshes = []
    if looks.style in ("medium", "long"):
        meshes.append(_long_hair(asset, body, outfit))
    shape = _tied_hair(outfit, position)
    if shape is not None:
        tile = materials.add(looks.hair)
        meshes.append(
            rigid_mesh(shape.vertices, shape.faces, materials.texels(tile, shape.material_uv), head)
        )
    brim = _brim(outfit, position)
    if brim is not None:
        tile = materials.add(outfit.hat_color * 0.9)
        texels = materials.texels(tile, brim.material_uv)
        meshes.append(rigid_mesh(brim.vertices, brim.faces, texels, head, two_sided=True))
    return meshes


def _long_hair(asset: BodyAsset, body: RestBody, outfit: Outfit) -> Mesh:
    start = asset.sizes[0] + asset.sizes[1]
    vertices = slice(start, start + asset.sizes[2])
    surface = asset.hair
    centers = asset.mean[surface.faces].mean(1)
    y, z = centers[:, 1], standard_height(asset, centers[:, 2])
    # The hair surface also covers the face and the front of the shoulders.
    face = (y < -0.085) & (z < 0.965)
    rng = np.random.default_rng(outfit.creases)
    waves = _waves(rng, centers)
    low = outfit.looks.hair_length + 0.03 * waves
    kept = (z > low) & ~face & ~((y < -0.03) & (z < 0.72 + 0.02 * waves))
    cut = Surface(surface.faces[kept], surface.parts[kept], surface.uv[kept], surface.texels[kept])
    points = body.vertices[vertices].copy()
    level = standard_height(asset, asset.mean[vertices, 2])
    wide = rng.uniform(-0.02, 0.1) + rng.uniform(0.02, 0.07) * _waves(rng, asset.mean[vertices])
    wide *= ((0.95 - level) / 0.2).clip(0.2, 1)
    points[:, :2] += wide[:, None] * (points[:, :2] - points[:, :2].mean(0))
    # Closes the gaps between the strips of the hair surface.
    strip = _strips()
    middle = [np.bincount(strip, points[:, n]) / np.bincount(strip) for n in (0, 1)]
    points[:, :2] += 0.13 * (points[:, :2] - np.stack(middle, 1)[strip])
    # Moves hair on the back over the cloth.
    points[:, 1] += ((NECK - level) / 0.05).clip(0, 1) * (1.2 * outfit.top.looseness + 0.03)
    return surface_mesh(asset, cut, points.astype(np.float32), vertices, two_sided=True)


@cache
def _strips() -> Integers:
    """Return the index (V,) of the connected strip of each hair vertex."""
    asset = load_asset()
    faces = asset.hair.faces - sum(asset.sizes[:2])
    before, strip = None, np.arange(asset.sizes[2])
    while before is None or (strip != before).any():
        before, least = strip, strip[faces].min(1, keepdims=True)
        strip = strip.copy()
        np.minimum.at(strip, faces, least)
    return np.asarray(np.unique(strip, return_inverse=True)[1])


def _waves(rng: np.random.Generator, points: Floats) -> Floats:
    """Return a wave (N,) around the head, of about unit amplitude."""
    turn = np.arctan2(points[:, 0], points[:, 1] + 0.05)
    pairs = zip(rng.integers((5, 11), (9, 19)), rng.uniform(0, 6, 2), strict=True)
    return np.asarray(sum(np.sin(count * turn + shift) for count, shift in pairs))


def _tied_hair(outfit: Outfit, head: Floats) -> Primitive | None:
    rng = np.random.default_rng(outfit.creases)
    if outfit.looks.style == "bun":
        behind = np.add(head, (0, 0.115, rng.uniform(0.03, 0.12)))
        return rounded_box(behind, (0.09, 0.085, 0.09), 1.0)
    if outfit.looks.style == "ponytail":
        length = rng.uniform(0.16, 0.36)
        root = np.add(head, (0, 0.1, rng.uniform(0.03, 0.1)))
        steps = np.array(
            [[0, 0, 0], [0, 0.05, 0], [0, 0.075, -0.35], [0, 0.07, -0.7], [0, 0.06, -1]]
        )
        path = root + steps * [1, 1, length]
        return tube(path, np.array([0.018, 0.026, 0.032, 0.026, 0.008]))
    return None


def _brim(outfit: Outfit, head: Floats) -> Primitive | None:
    if outfit.headwear == "cap":
        return rounded_box(np.add(head, (0, -0.135, 0.085)), (0.15, 0.13, 0.012), 0.7)
    if outfit.headwear == "sun_hat":
        return dome(np.add(head, (0, -0.01, 0.075)), 0.19, 0.03)
    return None
