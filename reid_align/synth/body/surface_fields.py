"""Fields on the body surface: position, part, chart coordinates and noise at each point."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import cv2
import numpy as np

from reid_align.synth.array_types import Floats, Integers, Mask, Pixels
from reid_align.synth.body.body_asset import BodyAsset, load_asset
from reid_align.synth.body.part_charts import CHARTS, TEXTURE_SIZE, chart_of, from_uv, texel_table
from reid_align.synth.rendering.rasterizer import Fragments, rasterize

# Heights in meters on the standard body at rest, for which outfits are defined.
SOLE, ANKLE, KNEE, HIP, NECK, CROWN = -0.84, -0.74, -0.29, 0.16, 0.754, 1.027
# Half the width in meters that a chart spans, for patterns of constant size.
_GIRTH = {"torso": 0.24, "head": 0.14, "upper_arm": 0.075, "lower_arm": 0.06, "hand": 0.08}
_GIRTH |= {"upper_leg": 0.13, "lower_leg": 0.09, "foot": 0.12}


@dataclass(frozen=True, eq=False)
class SurfaceFields:
    """Points of the standard body at rest.

    Attributes:
        position: (N, 3) float32 meters; left is +X, back is +Y, up is +Z.
        part: (N,) part ids.
        arm: (N,) 0 to 1 from shoulder to elbow, to 2 at the wrist, to 3 at the fingers; else -1.
        leg: (N,) 0 to 1 from hip to knee, to 2 at the ankle, to 3 at the toes; else -1.
        along: (N,) along the chart, 0 at the trunk.
        across: (N,) across the chart, 0 at its first seam.
        drop: (N,) meters down a garment: down the trunk and the legs, or down a sleeve.
        turn: (N,) meters around the trunk or limb, continuous from front to back.
        seed: seed of the noise fields.
    """

    position: Floats
    part: Pixels
    arm: Floats
    leg: Floats
    along: Floats
    across: Floats
    drop: Floats
    turn: Floats
    seed: int

    def on(self, *regions: str) -> Mask:
        """Return the mask (N,) of points on any of these regions."""
        ids = [p for c in CHARTS if c.region in regions for p in (c.left, c.right)]
        wanted = np.zeros(25, np.bool_)
        wanted[ids] = True
        return np.asarray(wanted[self.part])

    @cached_property
    def front(self) -> Mask:
        """Mask (N,) of points on a front chart."""
        ids = [p for c in CHARTS if c.face == "front" for p in (c.left, c.right)]
        return np.isin(self.part, ids)

    @cached_property
    def grain(self) -> Floats:
        """(6, N) noise at the scale of threads."""
        return spatial_noise(np.random.default_rng(self.seed), self.position, 0.012, 6)

    @cached_property
    def blotches(self) -> Floats:
        """(8, N) noise at the scale of a hand."""
        return spatial_noise(np.random.default_rng(self.seed + 1), self.position, 0.07, 8)

    @cached_property
    def creases(self) -> Floats:
        """(10, N) noise stretched across limbs, for creases of cloth."""
        stretched = self.position * np.array([1, 1, 2.6], np.float32)
        return spatial_noise(np.random.default_rng(self.seed + 2), stretched, 0.085, 10)

    @cached_property
    def folds(self) -> Floats:
        """(6, N) noise stretched downwards, for folds of hanging cloth."""
        stretched = self.position * np.array([1, 1, 0.22], np.float32)
        return spatial_noise(np.random.default_rng(self.seed + 3), stretched, 0.05, 6)

    @cached_property
    def locks(self) -> Floats:
        """(6, N) noise stretched downwards, for locks of hair."""
        stretched = self.position * np.array([1, 1, 0.3], np.float32)
        return spatial_noise(np.random.default_rng(self.seed + 4), stretched, 0.018, 6)


@dataclass(frozen=True, eq=False)
class TextureCanvas:
    """Body points shown by the texels of the texture.

    Attributes:
        fields: points of the valid texels, in row-major order.
        valid: (256, 256) bool, texels that show a point of the body; symmetric.
        nearest: (256, 256) int64, index in ``fields`` of the nearest valid texel of the chart.
    """

    fields: SurfaceFields
    valid: Mask
    nearest: Integers

    def fill(self, values: Floats) -> Floats:
        """Fill a texture (256, 256, C) with values (N, C) of the valid texels."""
        return values[self.nearest]


@cache
def body_canvas() -> TextureCanvas:
    """Return the canvas of the body asset, cached in the process."""
    asset = load_asset()
    texels = asset.body.texels.reshape(-1, 2)
    corners = np.concatenate([texels + 0.5, np.ones((len(texels), 1), np.float32)], 1)
    found = Fragments.empty(TEXTURE_SIZE, TEXTURE_SIZE)
    faces = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    rasterize(corners.astype(np.float32), faces, np.ones(len(faces), np.bool_), found)
    valid = found.face >= 0
    valid &= valid[:, ::-1]
    face = found.face[valid]
    weights = np.stack([found.first[valid], found.second[valid]], -1)
    weights = np.concatenate([weights, 1 - weights.sum(1, keepdims=True)], 1)[..., None]
    surface = asset.body
    position = (asset.mean[surface.faces[face]] * weights).sum(1)
    uv = (surface.uv[face] * weights).sum(1)
    position[:, 2] = standard_height(asset, position[:, 2])
    return TextureCanvas(_fields(position, surface.parts[face], uv, 11), valid, _nearest(valid))


def texture_mask() -> Mask:
    """Return the mask (256, 256) of the texels that images can show; symmetric.

    These are the valid texels and their neighbors on the same chart: at the border of a triangle,
    the nearest texel may be outside.
    """
    valid = body_canvas().valid.astype(np.uint8)
    mask = np.zeros(valid.shape, np.bool_)
    for chart in _chart_windows():
        mask[chart] = cv2.dilate(valid[chart], np.ones((3, 3), np.uint8)) > 0
    return mask


@cache
def vertex_fields() -> SurfaceFields:
    """Return the fields of the body vertices, cached in the process."""
    asset = load_asset()
    part, uv = vertex_charts(asset)
    position = asset.mean[: asset.sizes[0]].copy()
    position[:, 2] = standard_height(asset, position[:, 2])
    return _fields(position, part, uv, 29)


def standard_height(asset: BodyAsset, height: Floats) -> Floats:
    """Map heights on the mean body of the asset to heights on the standard body."""
    heads = dict(zip(asset.bones, asset.mean[-len(asset.bones) :, 2], strict=True))
    skin = asset.mean[: asset.sizes[0], 2]
    joints = (heads[bone] for bone in ("foot.L", "lowerleg01.L", "upperleg01.L", "neck01"))
    own = (skin.min(), *joints, skin.max())
    return np.interp(height, own, (SOLE, ANKLE, KNEE, HIP, NECK, CROWN)).astype(np.float32)


def vertex_charts(asset: BodyAsset) -> tuple[Pixels, Floats]:
    """Return part (V,) and U, V (V, 2) of the body vertices, from one triangle of each vertex."""
    part = np.zeros(asset.sizes[0], np.uint8)
    uv = np.zeros((asset.sizes[0], 2), np.float32)
    part[asset.body.faces] = asset.body.parts[:, None]
    uv[asset.body.faces.ravel()] = asset.body.uv.reshape(-1, 2)
    return part, uv


def _nearest(valid: Mask) -> Integers:
    """Return the index of the nearest valid texel on the same chart."""
    numbers = np.cumsum(valid).reshape(valid.shape) - 1
    nearest = np.zeros(valid.shape, np.int64)
    for chart in _chart_windows():
        _, labels = cv2.distanceTransformWithLabels(
            (~valid[chart]).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        number = np.zeros(int(labels.max()) + 1, np.int64)
        number[labels[valid[chart]]] = numbers[chart][valid[chart]]
        nearest[chart] = number[labels]
    return nearest


def _chart_windows() -> Iterator[tuple[slice, slice]]:
    """Yield the rows and columns of each chart in the texture."""
    for table in texel_table()[1:]:
        ends = np.stack([table[:, 2], table.sum(1)]).round().astype(np.int64)
        (left, top), (right, low) = ends.min(0), ends.max(0) + 1
        yield np.s_[top:low, left:right]


def _fields(position: Floats, part: Pixels, uv: Floats, seed: int) -> SurfaceFields:
    count = len(part)
    arm, leg = np.full(count, -1, np.float32), np.full(count, -1, np.float32)
    along, across = np.zeros(count, np.float32), np.zeros(count, np.float32)
    turn = np.zeros(count, np.float32)
    limbs = {"upper_arm": 0, "lower_arm": 1, "hand": 2, "upper_leg": 0, "lower_leg": 1, "foot": 2}
    for number in range(1, 25):
        chart, chosen = chart_of(number), part == number
        along[chosen], across[chosen] = from_uv(chart, uv[chosen])
        if chart.region != "torso" and chart.region != "head":
            limb = leg if chart.region in ("upper_leg", "lower_leg", "foot") else arm
            limb[chosen] = limbs[chart.region] + along[chosen]
        # Continuous at the seam: the front runs toward it, the back away from it.
        around = across[chosen] if chart.face != "back" else 2 - across[chosen]
        turn[chosen] = _GIRTH[chart.region] * 2 * (around - 0.5)
    drop = np.where(arm >= 0, 0.12 + 0.28 * arm, NECK - position[:, 2]).astype(np.float32)
    return SurfaceFields(position, part, arm, leg, along, across, drop, turn, seed)


_LATTICE = 24


def spatial_noise(rng: np.random.Generator, points: Floats, scale: float, count: int) -> Floats:
    """Return independent smooth noise fields (count, N) with a deviation of about 1.

    Args:
        rng: random generator.
        points: (N, 3) in meters.
        scale: distance in meters over which a field changes.
        count: number of fields.
    """
    fields = np.empty((count, len(points)), np.float32)
    for field in fields:
        lattice = rng.standard_normal((_LATTICE,) * 3).astype(np.float32)
        coordinates = (points / scale + rng.random(3) * _LATTICE) % (_LATTICE - 1)
        cell = coordinates.astype(np.int64)
        # Smoothstep weights hide the lattice.
        x, y, z = ((3 - 2 * f) * f * f for f in (coordinates - cell).T.astype(np.float32))
        i, j, k = cell.T
        low = _mix(
            _mix(lattice[i, j, k], lattice[i + 1, j, k], x),
            _mix(lattice[i, j + 1, k], lattice[i + 1, j + 1, k], x),
            y,
        )
        k1 = k + 1
        high = _mix(
            _mix(lattice[i, j, k1], lattice[i + 1, j, k1], x),
            _mix(lattice[i, j + 1, k1], lattice[i + 1, j + 1, k1], x),
            y,
        )
        field[:] = 1.6 * _mix(low, high, z)
    return fields


def _mix(low: Floats, high: Floats, weight: Floats) -> Floats:
    return low + (high - low) * weight
