"""Fabrics and prints: their patterns and colors."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from reid_align.synth.appearance.color_palettes import Color, contrasting_color, sample_color
from reid_align.synth.array_types import Floats, Mask
from reid_align.synth.body.surface_fields import SurfaceFields

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
    """Color and pattern of a cloth.

    Attributes:
        weave: kind of pattern.
        colors: (3, 3) display colors in [0, 1]: ground, second, third.
        size: period of the pattern in meters.
        share: share of the second color in a period, in [0, 1].
        shift: phase of the pattern, in [0, 1).
        field: index of the noise field.
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
    """Draw a fabric for an upper or a lower garment; draws the weave too if it is None."""
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


def paint_fabric(fabric: Fabric, fields: SurfaceFields) -> Floats:
    """Return the display colors (N, 3) of the fabric at points."""
    ground, second, third = fabric.colors
    color = np.tile(ground, (len(fields.part), 1))
    first_mask, second_mask = _pattern(fabric, fields)
    color += first_mask[:, None] * (second - ground)
    color += second_mask[:, None] * (third - color)
    grain = {"heather": 0.09, "denim": 0.07, "plain": 0.02}.get(fabric.weave, 0.02)
    color *= 1 + grain * fields.grain[fabric.field][:, None]
    return color.clip(0.015, 0.96)


def _pattern(fabric: Fabric, fields: SurfaceFields) -> tuple[Floats, Floats]:
    """Return the opacity of the second and the third color at each point, in [0, 1]."""
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


Motif = Literal["lettering", "emblem", "figure", "image", "logo"]
_MOTIFS: tuple[Motif, ...] = ("lettering", "emblem", "figure", "image", "logo")
_PRINT_PIXELS = 64


@dataclass(frozen=True, eq=False)
class Print:
    """Print on the chest or the back of a garment.

    Attributes:
        motif: kind of print.
        colors: (2, 3) display colors.
        seed: seed of the drawing.
        on_back: on the back instead of the chest.
        center: (meters to the left, height on the body at rest).
        size: edge length in meters.
    """

    motif: Motif
    colors: Floats
    seed: int
    on_back: bool
    center: tuple[float, float]
    size: float


def sample_print(rng: np.random.Generator, ground: Color, on_back: bool) -> Print:
    """Draw the settings of a print that is visible on the ``ground`` color."""
    motif = _MOTIFS[int(rng.choice(5, p=(0.32, 0.16, 0.16, 0.12, 0.24)))]
    first = contrasting_color(rng, ground, "upper")
    small = motif == "logo"
    left = float(rng.choice((-0.07, 0.07))) if small else float(rng.normal(0, 0.01))
    return Print(
        motif,
        np.stack([first, sample_color(rng, "upper")]),
        int(rng.integers(2**31)),
        on_back,
        (left, float(rng.uniform(0.48, 0.58))),
        float(rng.uniform(0.045, 0.08) if small else rng.uniform(0.16, 0.32)),
    )


def draw_print(design: Print) -> Floats:
    """Return the image of a print, (64, 64, 4): display colors and opacity in [0, 1]."""
    rng = np.random.default_rng(design.seed)
    canvas = np.zeros((_PRINT_PIXELS, _PRINT_PIXELS, 4), np.float32)
    first, second = ((*map(float, color), 1.0) for color in design.colors)
    if design.motif == "lettering":
        _draw_lettering(rng, canvas, first)
    elif design.motif in ("emblem", "logo"):
        center, radius = (_PRINT_PIXELS // 2, _PRINT_PIXELS // 2), int(rng.integers(16, 30))
        cv2.circle(canvas, center, radius, first, -1 if rng.random() < 0.5 else 5)
        _draw_polygon(rng, canvas, second, radius * 0.7)
    elif design.motif == "figure":
        for _ in range(int(rng.integers(2, 5))):
            _draw_polygon(rng, canvas, first if rng.random() < 0.6 else second, 28)
    else:
        coarse = design.colors[rng.integers(2, size=(5, 5))] + rng.normal(0, 0.12, (5, 5, 1))
        canvas[4:-4, 4:-4, :3] = cv2.resize(coarse.astype(np.float32), (56, 56), interpolation=2)
        canvas[4:-4, 4:-4, 3] = 1
    return canvas.clip(0, 1)


def apply_print(color: Floats, design: Print, fields: SurfaceFields, cloth: Mask) -> None:
    """Blend a print into ``color`` (N, 3), in place, at the points of ``cloth`` under it."""
    canvas = draw_print(design)
    x, height = fields.position[:, 0], fields.position[:, 2]
    # From behind, the left side of the body is on the left.
    sideways = (x - design.center[0]) * (-1 if design.on_back else 1)
    column = (sideways / design.size + 0.5) * _PRINT_PIXELS
    row = (0.5 - (height - design.center[1]) / design.size) * _PRINT_PIXELS
    under = cloth & fields.on("torso") & (fields.front != design.on_back)
    under &= (column >= 0) & (column < _PRINT_PIXELS) & (row >= 0) & (row < _PRINT_PIXELS)
    ink = canvas[row[under].astype(np.int64), column[under].astype(np.int64)]
    color[under] += ink[:, 3:] * (ink[:, :3] - color[under])


def _draw_lettering(rng: np.random.Generator, canvas: Floats, color: tuple[float, ...]) -> None:
    lines = int(rng.integers(1, 4))
    height = int(rng.integers(9, 16))
    for line in range(lines):
        top = _PRINT_PIXELS // 2 + int((line - lines / 2) * 1.35 * height)
        left, right = sorted(int(value) for value in rng.integers((2, 40), (18, 62)))
        while left < right:
            width = int(rng.integers(3, 7))
            cv2.rectangle(canvas, (left, top), (left + width, top + height), color, 2)
            left += width + 4


def _draw_polygon(
    rng: np.random.Generator, canvas: Floats, color: tuple[float, ...], radius: float
) -> None:
    count = int(rng.integers(3, 9))
    angle = np.sort(rng.uniform(0, 2 * np.pi, count))
    reach = radius * rng.uniform(0.35, 1, count)
    points = np.stack([np.cos(angle), np.sin(angle)], 1) * reach[:, None] + _PRINT_PIXELS / 2
    cv2.fillPoly(canvas, [np.round(points).astype(np.int32)], color)
