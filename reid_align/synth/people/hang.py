"""How cloth hangs: it falls from where the body carries it and does not follow it back inwards."""

import numpy as np

from reid_align.synth.arrays import Floats, Mask
from reid_align.synth.body.asset import BodyAsset
from reid_align.synth.body.bodies import RestBody
from reid_align.synth.body.fields import Fields
from reid_align.synth.people.cover import Cover
from reid_align.synth.people.outfit import Outfit

_SECTORS, _STEP = 14, 0.03
# Heights on the standard body below which tops and trousers hang: the chest, the seat.
_CHEST, _SEAT = 0.6, 0.0


def hang(
    asset: BodyAsset,
    body: RestBody,
    outfit: Outfit,
    fields: Fields,
    covered: Cover,
    points: Floats,
) -> None:
    """Move the vertices ``points`` (V, 3) of the clothed body at rest outwards, where cloth hangs.

    Loose cloth falls straight, tight cloth follows the body.
    """
    heads = dict(zip(asset.bones, body.heads.astype(np.float64), strict=True))
    level = fields.position[:, 2]
    trunk = (covered.top | covered.inner) & fields.on("torso") & (level < _CHEST)
    middle = np.array([[0, points[trunk, 1].mean()]]) if trunk.any() else np.zeros((1, 2))
    let_fall(points, trunk, middle, 0.55 * np.exp(-outfit.top.looseness / 0.009))
    for letter, sign in (("L", 1), ("R", -1)):
        _close_shoe(points, covered.shoes & (fields.leg > 2) & (sign * points[:, 0] > 0))
        if outfit.bottom.cut in ("leggings", "skirt"):
            continue
        leg = covered.bottom & (fields.leg >= 0) & (level < _SEAT) & (sign * points[:, 0] > 0)
        joints = np.stack([heads[f"{bone}.{letter}"] for bone in ("foot", "lowerleg01")])
        joints = np.concatenate([joints, heads[f"upperleg01.{letter}"][None]])
        axis = [np.interp(points[leg, 2], joints[:, 2], joints[:, n]) for n in (0, 1)]
        let_fall(points, leg, np.stack(axis, 1), 0.2 * np.exp(-outfit.bottom.looseness / 0.025))


def let_fall(points: Floats, cloth: Mask, axis: Floats, slope: float) -> None:
    """Move cloth outwards until it comes in by at most ``slope`` meters per meter that it falls.

    Args:
        points: (V, 3), changed.
        cloth: (V,) which of them are cloth.
        axis: (1, 2) x and y of the line it falls around, or one for each point of cloth.
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
    hanging = _between(carried, turn - 0.5, fall - 0.5)
    points[cloth, :2] += away * (np.maximum(hanging / radius, 1) - 1)[:, None]


def _close_shoe(points: Floats, shoe: Mask) -> None:
    """Let leather run from the heel over the toes, so that they do not show."""
    if shoe.any():
        lying = points[:, [0, 2, 1]]
        let_fall(lying, shoe, lying[shoe, :2].mean(0)[None], 0.45)
        points[:] = lying[:, [0, 2, 1]]


def _between(table: Floats, turn: Floats, fall: Floats) -> Floats:
    """Read between the entries of ``table``, which is closed around its first axis."""
    fall = fall.clip(0, table.shape[1] - 1.001)
    i, j = np.floor(turn).astype(np.int64), fall.astype(np.int64)
    u, v = turn - i, fall - j
    i, k = i % _SECTORS, (i + 1) % _SECTORS
    near = (1 - u) * table[i, j] + u * table[k, j]
    far = (1 - u) * table[i, j + 1] + u * table[k, j + 1]
    return np.asarray((1 - v) * near + v * far)
