"""The shape of clothes: cloth that stands off the body, skirts and coat tails."""

import numpy as np

from reid_align.synth.arrays import Floats
from reid_align.synth.body.asset import BodyAsset, Surface
from reid_align.synth.body.bodies import RestBody
from reid_align.synth.body.fields import ANKLE, HIP, KNEE, Fields, standard_height
from reid_align.synth.drawing.mesh import Mesh
from reid_align.synth.drawing.raster import vertex_normals
from reid_align.synth.people.cover import Cover, scalp_height
from reid_align.synth.people.hang import hang
from reid_align.synth.people.outfit import Outfit


def clothed_body(
    asset: BodyAsset, body: RestBody, outfit: Outfit, fields: Fields, covered: Cover
) -> Mesh:
    """Return the body's surface with clothes, shoes and short hair on it."""
    count = asset.sizes[0]
    points = body.vertices[:count].copy()
    cloth = covered.top | covered.inner | covered.bottom | covered.shoes
    wearing = cloth[asset.shell_vertices]
    points[asset.shell_vertices[wearing]] = body.shell[wearing]
    normals = vertex_normals(points, asset.body.faces)
    points += normals * _thickness(outfit, fields, covered)[:, None]
    hang(asset, body, outfit, fields, covered, points)
    return surface_mesh(asset, asset.body, points, slice(0, count), two_sided=False)


def skirt_length(outfit: Outfit) -> float | None:
    """Return the lower edge of a skirt or of coat tails, as a height at rest; None without."""
    lengths = []
    if outfit.bottom.cut == "skirt":
        lengths.append(float(np.interp(outfit.bottom.length, (0, 1, 2), (HIP, KNEE, ANKLE))))
    if outfit.top.cut in ("coat", "dress") and outfit.top.hem < 0.05:
        lengths.append(outfit.top.hem)
    return min(lengths) if lengths else None


def skirt(asset: BodyAsset, body: RestBody, outfit: Outfit) -> Mesh | None:
    """Return the skirt or the tails of a coat, cut off at their length; None without."""
    length = skirt_length(outfit)
    if length is None:
        return None
    start, size = asset.sizes[0], asset.sizes[1]
    mean = asset.mean[start : start + size]
    points = body.vertices[start : start + size].copy()
    level = standard_height(asset, mean[:, 2])
    falls = ((level.max() - level) / 0.8).clip(0, 1)
    rng = np.random.default_rng(outfit.creases)
    flare = rng.uniform(-0.02, 0.3) if outfit.bottom.cut == "skirt" else 0.05
    angle = np.arctan2(mean[:, 0], -mean[:, 1])
    folds = 0.05 * np.sin(angle * rng.integers(5, 12) + rng.uniform(0, 6)) * falls
    widening = 1.03 + 3 * outfit.top.looseness + (flare + folds) * falls
    points[:, :2] *= widening[:, None].astype(np.float32)
    surface = asset.skirt
    # Whole quads, so that the hem is straight.
    heights = level[surface.faces - start].mean(1).reshape(-1, 2).mean(1)
    kept = heights.repeat(2) > length
    cut = Surface(surface.faces[kept], surface.parts[kept], surface.uv[kept], surface.texels[kept])
    return surface_mesh(asset, cut, points, slice(start, start + size), two_sided=True)


def surface_mesh(
    asset: BodyAsset, surface: Surface, points: Floats, vertices: slice, two_sided: bool
) -> Mesh:
    """Return a mesh of one of the asset's surfaces, with ``points`` for its ``vertices``."""
    return Mesh(
        points,
        surface.faces - np.int32(vertices.start),
        surface.parts,
        surface.uv,
        surface.texels,
        asset.bone_indices[vertices],
        asset.bone_weights[vertices],
        np.full(len(surface.faces), two_sided),
    )


def _thickness(outfit: Outfit, fields: Fields, covered: Cover) -> Floats:
    """Return (V,) how far cloth, leather and hair stand off, in meters."""
    rng = np.random.default_rng(outfit.creases)
    crease = fields.creases[rng.integers(10)] + 0.5 * fields.blotches[rng.integers(8)]
    crease += fields.folds[rng.integers(6)]
    thick = np.zeros(len(fields.part), np.float32)
    z = fields.position[:, 2]
    top, bottom = outfit.top, outfit.bottom
    upper = covered.top | covered.inner
    hanging = 0.5 * ((0.42 - z) / 0.25).clip(0, 1) * fields.on("torso")
    deep = 0.0015 + 0.12 * top.looseness
    thick[upper] = (top.looseness * (1 + hanging) + deep * crease)[upper]
    thick[covered.inner] *= 0.5
    widening = 1 + bottom.flare * (fields.leg / 2).clip(0, 1)
    deep = 0.0012 + 0.12 * bottom.looseness
    thick[covered.bottom] = (bottom.looseness * widening + deep * crease)[covered.bottom]
    thick[covered.shoes] = 0.006
    if outfit.looks.style not in ("bald", "buzz"):
        height, _ = scalp_height(fields)
        rising = ((height - 0.3) / 0.4).clip(0.3, 1)
        wild = rng.uniform(0.15, 0.6)
        tousled = 1 + wild * (fields.blotches[rng.integers(8)] + fields.locks[rng.integers(6)])
        parted = 1 + rng.uniform(-3, 3) * fields.position[:, 0]
        volume = outfit.looks.volume * rising * (tousled * parted).clip(0.2, 2.2)
        thick[covered.hair] = volume[covered.hair]
    thick[covered.hat] = 0.035 if outfit.headwear == "hood" else 0.018
    return thick.clip(0, None)
