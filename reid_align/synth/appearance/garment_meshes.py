"""Meshes of clothes: cloth that stands off the body and drapes, skirts, coat tails."""

import numpy as np

from reid_align.synth.appearance.garment_cover import GarmentCover, scalp_height
from reid_align.synth.appearance.outfit import Outfit
from reid_align.synth.array_types import Floats, Mask
from reid_align.synth.body.body_asset import BodyAsset, Surface
from reid_align.synth.body.skinned_body import RestBody
from reid_align.synth.body.surface_fields import ANKLE, HIP, KNEE, SurfaceFields, standard_height
from reid_align.synth.rendering.mesh import Mesh, vertex_normals


def clothed_body(
    asset: BodyAsset, body: RestBody, outfit: Outfit, fields: SurfaceFields, covered: GarmentCover
) -> Mesh:
    """Return the body surface with clothes, shoes and short hair."""
    count = asset.sizes[0]
    points = body.vertices[:count].copy()
    cloth = covered.top | covered.inner | covered.bottom | covered.shoes
    wearing = cloth[asset.shell_vertices]
    points[asset.shell_vertices[wearing]] = body.shell[wearing]
    normals = vertex_normals(points, asset.body.faces)
    points += normals * _thickness(outfit, fields, covered)[:, None]
    drape(asset, body, outfit, fields, covered, points)
    return surface_mesh(asset, asset.body, points, slice(0, count), two_sided=False)


def skirt_length(outfit: Outfit) -> float | None:
    """Return the height at rest of the lower edge of a skirt or of coat tails, or None."""
    lengths = []
    if outfit.bottom.cut == "skirt":
        lengths.append(float(np.interp(outfit.bottom.length, (0, 1, 2), (HIP, KNEE, ANKLE))))
    if outfit.top.cut in ("coat", "dress") and outfit.top.hem < 0.05:
        lengths.append(outfit.top.hem)
    return min(lengths) if lengths else None


def skirt(asset: BodyAsset, body: RestBody, outfit: Outfit) -> Mesh | None:
    """Return the skirt or the coat tails, or None."""
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
    # Removes whole quads, for a straight hem.
    heights = level[surface.faces - start].mean(1).reshape(-1, 2).mean(1)
    kept = heights.repeat(2) > length
    cut = Surface(surface.faces[kept], surface.parts[kept], surface.uv[kept], surface.texels[kept])
    return surface_mesh(asset, cut, points, slice(start, start + size), two_sided=True)


def surface_mesh(
    asset: BodyAsset, surface: Surface, points: Floats, vertices: slice, two_sided: bool
) -> Mesh:
    """Return the mesh of an asset surface, with ``points`` as the positions of ``vertices``."""
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


def _thickness(outfit: Outfit, fields: SurfaceFields, covered: GarmentCover) -> Floats:
    """Return the distance (V,) of cloth, leather and hair from the body, in meters."""
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


_SECTORS, _STEP = 14, 0.03
# Heights on the standard body below which tops and trousers hang.
_CHEST, _SEAT = 0.6, 0.0


def drape(
    asset: BodyAsset,
    body: RestBody,
    outfit: Outfit,
    fields: SurfaceFields,
    covered: GarmentCover,
    points: Floats,
) -> None:
    """Move the vertices ``points`` (V, 3) of the clothed body at rest outwards, in place.

    Loose cloth falls straight from the widest part above; tight cloth follows the body.
    """
    heads = dict(zip(asset.bones, body.heads.astype(np.float64), strict=True))
    level = fields.position[:, 2]
    trunk = (covered.top | covered.inner) & fields.on("torso") & (level < _CHEST)
    middle = np.array([[0, points[trunk, 1].mean()]]) if trunk.any() else np.zeros((1, 2))
    drape_outwards(points, trunk, middle, 0.55 * np.exp(-outfit.top.looseness / 0.009))
    for letter, sign in (("L", 1), ("R", -1)):
        _close_shoe(points, covered.shoes & (fields.leg > 2) & (sign * points[:, 0] > 0))
        if outfit.bottom.cut in ("leggings", "skirt"):
            continue
        leg = covered.bottom & (fields.leg >= 0) & (level < _SEAT) & (sign * points[:, 0] > 0)
        joints = np.stack([heads[f"{bone}.{letter}"] for bone in ("foot", "lowerleg01")])
        joints = np.concatenate([joints, heads[f"upperleg01.{letter}"][None]])
        axis = [np.interp(points[leg, 2], joints[:, 2], joints[:, n]) for n in (0, 1)]
        drape_outwards(
            points, leg, np.stack(axis, 1), 0.2 * np.exp(-outfit.bottom.looseness / 0.025)
        )


def drape_outwards(points: Floats, cloth: Mask, axis: Floats, slope: float) -> None:
    """Move cloth outwards until it narrows by at most ``slope`` meters per meter downwards.

    Args:
        points: (V, 3), modified in place.
        cloth: (V,) mask of the cloth.
        axis: x and y of the vertical axis, (1, 2), or one per point of cloth.
        slope: 0 falls straight down.
    """
    if not cloth.any():
        return
    away = points[cloth, :2] - axis
    radius = np.hypot(*away.T)
    turn = (np.arctan2(*away.T) / (2 * np.pi) % 1) * _SECTORS
    fall = (points[cloth, 2].max() - points[cloth, 2]) / _STEP
    sector, row = turn.astype(np.int64) % _SECTORS, fall.astype(np.int64)
    reach = np.zeros((_SECTORS, row.max() + 2))
    np.maximum.at(reach, (sector, row), radius)
    carried = reach + slope * _STEP * np.arange(reach.shape[1])
    np.maximum.accumulate(carried, axis=1, out=carried)
    carried -= slope * _STEP * np.arange(reach.shape[1])
    hanging = _interpolate(carried, turn - 0.5, fall - 0.5)
    points[cloth, :2] += away * (np.maximum(hanging / radius, 1) - 1)[:, None]


def _close_shoe(points: Floats, shoe: Mask) -> None:
    """Cover the toes, by draping from the heel forwards."""
    if shoe.any():
        swapped = points[:, [0, 2, 1]]
        drape_outwards(swapped, shoe, swapped[shoe, :2].mean(0)[None], 0.45)
        points[:] = swapped[:, [0, 2, 1]]


def _interpolate(table: Floats, turn: Floats, fall: Floats) -> Floats:
    """Interpolate ``table``, which is periodic along the first axis."""
    fall = fall.clip(0, table.shape[1] - 1.001)
    i, j = np.floor(turn).astype(np.int64), fall.astype(np.int64)
    u, v = turn - i, fall - j
    i, k = i % _SECTORS, (i + 1) % _SECTORS
    near = (1 - u) * table[i, j] + u * table[k, j]
    far = (1 - u) * table[i, j + 1] + u * table[k, j + 1]
    return np.asarray((1 - v) * near + v * far)
