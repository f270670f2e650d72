"""Assignment of the 24 parts and their charts to the mean body at rest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.body_atlas import Region
from reid_align.synth.body.part_charts import CHARTS, REGIONS, RIGHT_PARTS, Chart, chart_of, to_uv

Array = NDArray[np.float64]
_REGION_BONES: dict[Region, tuple[str, ...]] = {
    "head": ("neck", "head"),
    "upper_arm": ("upperarm",),
    "lower_arm": ("lowerarm",),
    "hand": ("wrist", "finger"),
    "upper_leg": ("upperleg",),
    "lower_leg": ("lowerleg",),
    "foot": ("foot", "toe"),
}
_FORWARD = np.array([0.0, -1.0, 0.0])
# From the middle of the left hand and forearm, at rest.
_TOWARDS_THUMB = np.array([-0.3, -1.0, 1.0])
# Angle of the center of the inner chart of the upper arm, from the front toward the trunk.
# Source: its share of the arm in frontal sample images of DensePose.
_UPPER_ARM_TURN = np.radians(66)


@dataclass(frozen=True, eq=False)
class _Limb:
    origin: Array
    axis: Array
    front: Array
    side: Array
    start: float
    stop: float


def vertex_regions(weights: NDArray[np.float32], bones: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the region (V,) of each vertex, the index in `REGIONS` with the largest weights."""
    sums = np.zeros((len(weights), len(REGIONS)))
    for bone, column in zip(bones, weights.T, strict=True):
        names = [name for name, starts in _REGION_BONES.items() if bone.startswith(starts)]
        sums[:, REGIONS.index(names[0]) if names else 0] += column
    return np.asarray(sums.argmax(1))


class ChartLayout:
    """Charts of one body, computed on the left half and mirrored."""

    def __init__(
        self, vertices: Array, regions: NDArray[np.int64], heads: dict[str, Array]
    ) -> None:
        folded = _fold(vertices)
        self._points = {name: folded[regions == k] for k, name in enumerate(REGIONS)}
        self._limbs = self._limb_frames(heads)
        self._side_seam = self._torso_seam()

    def assign(self, centers: Array, regions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the part ids (N,) of triangles with centers (N, 3) and regions (N,)."""
        folded, right = _fold(centers), centers[:, 0] < 0
        parts = np.zeros(len(centers), np.uint8)
        for chart in CHARTS:
            chosen = regions == REGIONS.index(chart.region)
            if chart.face is not None:
                chosen &= self._in_front(chart, folded) == (chart.face == "front")
            parts[chosen] = np.where(right[chosen], chart.right, chart.left)
        return parts

    def uv(self, corners: Array, parts: NDArray[np.uint8], normals: Array) -> NDArray[np.float32]:
        """Return U and V (N, 3, 2) at the corners (N, 3, 3) of triangles with parts (N,)."""
        result = np.zeros((*corners.shape[:2], 2), np.float32)
        for part in np.unique(parts):
            chart, chosen = chart_of(int(part)), parts == part
            mirrored = chart.left != chart.right and part in RIGHT_PARTS
            sign = np.array([-1.0 if mirrored else 1.0, 1, 1])
            along, across = self._natural(chart, corners[chosen] * sign, normals[chosen] * sign)
            result[chosen] = to_uv(chart, along.clip(0, 1), across.clip(0, 1))
        return result

    def _limb_frames(self, heads: dict[str, Array]) -> dict[Region, _Limb]:
        joints: dict[Region, tuple[str, str]] = {
            "upper_arm": ("upperarm01", "lowerarm01"),
            "lower_arm": ("lowerarm01", "wrist"),
            "hand": ("wrist", "finger3-2"),
            "upper_leg": ("upperleg01", "lowerleg01"),
            "lower_leg": ("lowerleg01", "foot"),
            "foot": ("foot", "toe2-1"),
        }
        limbs: dict[Region, _Limb] = {}
        for name, (first, last) in joints.items():
            origin = heads[f"{first}.L"]
            axis = _unit(heads[f"{last}.L"] - origin)
            front = self._front(name, axis)
            reach = (self._points[name] - origin) @ axis
            limbs[name] = _Limb(
                origin, axis, front, np.cross(axis, front), reach.min(), reach.max()
            )
        return limbs

    def _front(self, name: str, axis: Array) -> Array:
        if name in ("lower_arm", "hand"):
            # In the rest pose, palms face inwards and down.
            return _across(np.array([-1.0, 0.0, -1.0]), axis)
        if name == "foot":
            return _across(np.array([0.0, 0.0, 1.0]), axis)
        front = _across(_FORWARD, axis)
        if name == "upper_arm":
            medial = _across(np.array([-1.0, 0.0, -1.0]), axis)
            medial = _across(medial, front)
            return np.asarray(np.cos(_UPPER_ARM_TURN) * front + np.sin(_UPPER_ARM_TURN) * medial)
        return front

    def _torso_seam(self) -> tuple[Array, Array]:
        torso = self._points["torso"]
        heights = np.linspace(torso[:, 2].min(), torso[:, 2].max(), 40)
        seam = []
        for height in heights:
            ring = torso[np.abs(torso[:, 2] - height) < 0.04]
            flank = ring[ring[:, 0] > 0.75 * ring[:, 0].max(), 1]
            seam.append((flank.min() + flank.max()) / 2)
        smooth = np.convolve(np.pad(seam, 3, mode="edge"), np.full(7, 1 / 7), "valid")
        return heights, smooth

    def _in_front(self, chart: Chart, points: Array) -> NDArray[np.bool_]:
        if chart.region == "torso":
            return np.asarray(points[..., 1] < np.interp(points[..., 2], *self._side_seam))
        limb = self._limbs[chart.region]
        return np.asarray((points - limb.origin) @ limb.front > 0)

    def _natural(self, chart: Chart, corners: Array, normals: Array) -> tuple[Array, Array]:
        if chart.region == "torso":
            return self._torso(chart, corners)
        if chart.region == "head":
            return self._head(corners)
        limb = self._limbs[chart.region]
        offset = corners - limb.origin
        along = (offset @ limb.axis - limb.start) / (limb.stop - limb.start)
        if chart.region == "hand":
            return along, self._hand(limb, offset, normals)
        if chart.region == "foot":
            # The cut is along the middle of the sole; ``across`` starts at the medial side.
            height = self._points["foot"][:, 2].mean()
            middle = self._points["foot"][:, 0].mean()
            angle = np.arctan2(corners[..., 0] - middle, corners[..., 2] - height)
            return along, _unwrap(angle) / (2 * np.pi) + 0.5
        sign = 1 if chart.face == "front" else -1
        angle = np.arctan2(offset @ limb.side, sign * (offset @ limb.front))
        return along, 0.5 + self._seam_sign(chart, limb) * angle / np.pi

    def _seam_sign(self, chart: Chart, limb: _Limb) -> float:
        """Return the sign that makes ``across`` end at the lateral, front-outer or radial seam."""
        if "leg" in chart.region:
            target = np.array([1.0, 0.0, 0.0])
        elif chart.region == "upper_arm":
            target = _FORWARD + np.array([1.0, 0.0, 0.0])
        else:
            target = _TOWARDS_THUMB
        return float(np.sign(limb.side @ target))

    def _torso(self, chart: Chart, corners: Array) -> tuple[Array, Array]:
        heights, seam = self._side_seam
        along = (heights[-1] - corners[..., 2]) / (heights[-1] - heights[0])
        depth = np.interp(corners[..., 2], heights, seam) - corners[..., 1]
        depth = depth if chart.face == "front" else -depth
        return along, 0.5 - np.arctan2(corners[..., 0], depth) / np.pi

    def _head(self, corners: Array) -> tuple[Array, Array]:
        head = self._points["head"]
        low, high = head[:, 2].min(), head[:, 2].max()
        skull = head[head[:, 2] > (low + high) / 2, 1]
        middle = 0.5 * (skull.min() + skull.max())
        angle = np.arctan2(np.abs(corners[..., 0]), middle - corners[..., 1])
        return (high - corners[..., 2]) / (high - low), angle / np.pi

    def _hand(self, limb: _Limb, offset: Array, normals: Array) -> Array:
        # From the little finger over the palm to the thumb, then over the back of the hand.
        hand = (self._points["hand"] - limb.origin) @ limb.side
        thumb_first = self._thumb_sign(limb)
        reach = (offset @ limb.side - hand.min()) / (hand.max() - hand.min())
        reach = reach if thumb_first > 0 else 1 - reach
        palm = (normals @ limb.front > 0)[:, None]
        return np.asarray(np.where(palm, reach / 2, 1 - reach / 2))

    def _thumb_sign(self, limb: _Limb) -> float:
        return float(np.sign(limb.side @ _TOWARDS_THUMB))


def _unit(vector: Array) -> Array:
    return vector / np.linalg.norm(vector)


def _across(vector: Array, axis: Array) -> Array:
    """Return the unit vector perpendicular to ``axis`` that is nearest to ``vector``."""
    return _unit(vector - (vector @ axis) * axis)


def _fold(points: Array) -> Array:
    folded = points.copy()
    folded[..., 0] = np.abs(folded[..., 0])
    return folded


def _unwrap(angle: Array) -> Array:
    """Move the three corners of each triangle to the same side of the cut at ±π."""
    crossing = angle.max(1) - angle.min(1) > np.pi
    toward = np.where(angle.mean(1, keepdims=True) < 0, -np.pi, np.pi)
    wrong = crossing[:, None] & (np.sign(angle) != np.sign(toward))
    return np.where(wrong, toward, angle)
