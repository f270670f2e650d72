"""Fabrics: plain, striped, checked, printed all over."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reid_align.synth.arrays import Floats
from reid_align.synth.body.fields import Fields
from reid_align.synth.people.colors import Color, contrasting_color, sample_color

Weave = Literal[
    "plain", "heather", "denim", "stripes", "pinstripes", "check", "plaid", "dots", "floral",
    "camouflage", "blocks", "fade",
]  # fmt: skip
_UPPER_WEAVES: dict[Weave, float] = {
    "plain": 0.65, "heather": 0.11, "stripes": 0.07, "pinstripes": 0.01, "check": 0.02,
    "plaid": 0.05, "dots": 0.01, "floral": 0.03, "camouflage": 0.01, "blocks": 0.03, "fade": 0.01,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Fabric:
    """One piece of cloth.

    Attributes:
        weave: kind of pattern.
        colors: (3, 3) display colors in [0, 1]: ground, second, third.
        size: of the pattern's repeat in meters.
        share: how much of the repeat the second color takes, in [0, 1].
        shift: of the pattern, in [0, 1).
        field: which noise field the fabric uses.
    """

    weave: Weave
    colors: Floats
    size: float
    share: float
    shift: float
    field: int


def sample_fabric(
    rng: np.random.Generator, kind: Literal["upper", "lower"], weave: Weave | None = None
) -> Fabric:
    """Draw a fabric for an upper or a lower garment, with a given ``weave`` or a likely one."""
    if weave is None:
        names = list(_UPPER_WEAVES)
        patterned = kind == "upper" or rng.random() < 0.05
        weave = (
            names[rng.choice(len(names), p=list(_UPPER_WEAVES.values()))] if patterned else "plain"
        )
    ground: Color = sample_color(rng, kind)
    second = contrasting_color(rng, ground, kind)
    third = contrasting_color(rng, second, kind)
    sizes = {"stripes": (0.02, 0.11), "pinstripes": (0.012, 0.03), "floral": (0.03, 0.1)}
    low, high = sizes.get(weave, (0.03, 0.12))
    return Fabric(
        weave,
        np.stack([ground, second, third]),
        float(np.exp(rng.uniform(np.log(low), np.log(high)))),
        float(rng.uniform(0.2, 0.55)),
        float(rng.random()),
        int(rng.integers(6)),
    )


def paint_fabric(fabric: Fabric, fields: Fields) -> Floats:
    """Return (N, 3) the display colors of the fabric at these points."""
    ground, second, third = fabric.colors
    color = np.tile(ground, (len(fields.part), 1))
    first_mask, second_mask = _pattern(fabric, fields)
    color += first_mask[:, None] * (second - ground)
    color += second_mask[:, None] * (third - color)
    grain = {"heather": 0.09, "denim": 0.07, "plain": 0.02}.get(fabric.weave, 0.02)
    color *= 1 + grain * fields.grain[fabric.field][:, None]
    return color.clip(0.015, 0.96)


def _pattern(fabric: Fabric, fields: Fields) -> tuple[Floats, Floats]:
    """Return how much of the second and of the third color shows at each point, in [0, 1]."""
    down = fields.drop / fabric.size + fabric.shift
    around = fields.turn / fabric.size + fabric.shift
    none = np.zeros(len(down), np.float32)
    blotch, other = fields.blotches[fabric.field], fields.blotches[fabric.field + 1]
    match fabric.weave:
        case "stripes":
            return _band(down, fabric.share), _band(down + 0.5, 0.12 * (fabric.shift > 0.6))
        case "pinstripes":
            return _band(around, 0.22), none
        case "check":
            return (_band(down, 0.5) + _band(around, 0.5)) / 2, none
        case "plaid":
            wide = 0.4 * (_band(down, 0.5) + _band(around, 0.5))
            return wide, 0.6 * np.maximum(_band(down + 0.7, 0.12), _band(around + 0.7, 0.12))
        case "dots":
            shifted = around + 0.5 * (np.floor(down) % 2)
            distance = np.hypot(down % 1 - 0.5, shifted % 1 - 0.5)
            return (distance < 0.28).astype(np.float32), none
        case "floral":
            wave = np.sin(5 * down + 2 * blotch) * np.sin(5 * around + 2 * other)
            return (wave > 0.25).astype(np.float32), (wave < -0.55).astype(np.float32)
        case "camouflage":
            return (blotch > 0.3).astype(np.float32), (other > 0.6).astype(np.float32)
        case "blocks":
            edge = 0.16 + 0.25 * fabric.share
            low = (fields.drop > edge).astype(np.float32)
            return low, low * (fields.drop < edge + 0.05) * (fabric.shift > 0.5)
        case "fade":
            return ((fields.drop - 0.1) / 0.4).clip(0, 1), none
        case "denim":
            worn = np.exp(-(((fields.across - 0.5) / 0.25) ** 2)) * fields.on("upper_leg")
            return (0.35 * worn * fabric.share).astype(np.float32), none
    return none, none


def _band(position: Floats, share: float) -> Floats:
    return ((position % 1) < share).astype(np.float32)
