"""Prints: lettering, emblems, figures and images on the chest or the back."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from reid_align.synth.arrays import Floats, Mask
from reid_align.synth.body.fields import Fields
from reid_align.synth.people.colors import Color, contrasting_color, sample_color

Motif = Literal["lettering", "emblem", "figure", "image", "logo"]
_MOTIFS: tuple[Motif, ...] = ("lettering", "emblem", "figure", "image", "logo")
_PIXELS = 64


@dataclass(frozen=True, eq=False)
class Print:
    """What is printed on a garment.

    Attributes:
        motif: kind.
        colors: (2, 3) display colors.
        seed: of the drawing.
        on_back: whether it is on the back.
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
    """Draw a print that can be seen on the ``ground`` color."""
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
    """Return (64, 64, 4) the print: display colors and opacity in [0, 1]."""
    rng = np.random.default_rng(design.seed)
    canvas = np.zeros((_PIXELS, _PIXELS, 4), np.float32)
    first, second = ((*map(float, color), 1.0) for color in design.colors)
    if design.motif == "lettering":
        _draw_lettering(rng, canvas, first)
    elif design.motif in ("emblem", "logo"):
        center, radius = (_PIXELS // 2, _PIXELS // 2), int(rng.integers(16, 30))
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


def stamp(color: Floats, design: Print, fields: Fields, cloth: Mask) -> None:
    """Print on the points of ``cloth`` that lie under the print; changes ``color`` (N, 3)."""
    canvas = draw_print(design)
    x, height = fields.position[:, 0], fields.position[:, 2]
    # Seen from behind, the person's left is on the left.
    sideways = (x - design.center[0]) * (-1 if design.on_back else 1)
    column = (sideways / design.size + 0.5) * _PIXELS
    row = (0.5 - (height - design.center[1]) / design.size) * _PIXELS
    under = cloth & fields.on("torso") & (fields.front != design.on_back)
    under &= (column >= 0) & (column < _PIXELS) & (row >= 0) & (row < _PIXELS)
    ink = canvas[row[under].astype(np.int64), column[under].astype(np.int64)]
    color[under] += ink[:, 3:] * (ink[:, :3] - color[under])


def _draw_lettering(rng: np.random.Generator, canvas: Floats, color: tuple[float, ...]) -> None:
    lines = int(rng.integers(1, 4))
    height = int(rng.integers(9, 16))
    for line in range(lines):
        top = _PIXELS // 2 + int((line - lines / 2) * 1.35 * height)
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
    points = np.stack([np.cos(angle), np.sin(angle)], 1) * reach[:, None] + _PIXELS / 2
    cv2.fillPoly(canvas, [np.round(points).astype(np.int32)], color)
