"""Grounds and walls of scenes: linear color as a function of place on the surface, in meters."""

from typing import Literal

import cv2
import numpy as np

from reid_align.synth.arrays import Floats

Ground = Literal["asphalt", "paving", "tiles", "planks", "grass", "gravel", "carpet"]
Wall = Literal["facade", "glass", "brick", "panels", "plaster", "shops", "trees"]


class Place:
    """Pixels that see one plane.

    Args:
        right: (H, W) meters along the plane.
        other: (H, W) meters into the depth on the ground, up on walls.
        blur: (H, W) meters that a pixel covers; finer patterns are averaged out.
    """

    def __init__(self, right: Floats, other: Floats, blur: Floats) -> None:
        self.right, self.other, self.blur = right, other, blur

    def noise(self, rng: np.random.Generator, size: float) -> Floats:
        """Return (H, W) smooth noise of a size in meters; it fades where pixels are coarser."""
        field = rng.standard_normal((256, 256)).astype(np.float32)
        columns, rows = self.right / np.float32(size), self.other / np.float32(size)
        wrap = cv2.BORDER_WRAP
        values = cv2.remap(field, columns, rows, cv2.INTER_LINEAR, borderMode=wrap)
        return np.asarray(1.5 * values * _fade(self.blur, size))

    def lines(self, spacing: tuple[float, float], width: float) -> Floats:
        """Return (H, W) in [0, 1] where joints of slabs of this spacing in meters lie."""
        joints = [
            _line(position, step, width, self.blur)
            for position, step in zip((self.right, self.other), spacing, strict=True)
        ]
        return np.maximum(*joints)

    def cells(self, rng: np.random.Generator, spacing: tuple[float, float]) -> Floats:
        """Return (H, W) one random number of unit spread for every slab."""
        table = rng.standard_normal((64, 64)).astype(np.float32)
        column = np.floor(self.right / spacing[0]).astype(np.int64) % 64
        row = np.floor(self.other / spacing[1]).astype(np.int64) % 64
        return np.asarray(table[row, column] * _fade(self.blur, min(spacing)))


def paint_ground(rng: np.random.Generator, kind: Ground, place: Place) -> Floats:
    """Return (H, W, 3) linear color of a ground."""
    base = float(rng.uniform(0.1, 0.42))
    tint = 1 + rng.normal(0, 0.05, 3)
    speckle = 1 + 0.12 * place.noise(rng, 0.06) + 0.12 * place.noise(rng, 1.4)
    if kind == "asphalt":
        tone = 0.6 * base * (1 + 0.16 * place.noise(rng, 0.03)) * speckle
        stripe = _line(place.right + 0.25 * place.other, float(rng.uniform(3, 7)), 0.12, place.blur)
        tone = tone + stripe * (0.55 - tone) * (rng.random() < 0.6)
    elif kind in ("paving", "tiles"):
        spacing = (0.3, 0.6) if kind == "paving" else (float(rng.uniform(0.4, 1.0)),) * 2
        rough = 0.5 if kind == "paving" else 0.15
        tone = base * (1 + rough * (speckle - 1)) * (1 + 0.14 * place.cells(rng, spacing))
        tone = tone * (1 - 0.5 * place.lines(spacing, 0.012))
    elif kind == "planks":
        board = float(rng.uniform(0.14, 0.3))
        tone = base * (1 + 0.2 * place.cells(rng, (board, 1e4))) * speckle
        tone = tone * (1 - 0.75 * _line(place.right, board, 0.025, place.blur))
        tint = tint * [1.06, 1.0, 0.93]
    elif kind == "grass":
        tone = 0.12 * (1 + 0.2 * place.noise(rng, 0.05) + 0.2 * place.noise(rng, 0.7))
        tint = np.array([0.92, 1.08, 0.66]) * tint
    else:
        tone = base * (1 + (0.25 if kind == "gravel" else 0.08) * place.noise(rng, 0.03)) * speckle
    return _color(tone, tint)


def paint_wall(rng: np.random.Generator, kind: Wall, place: Place) -> Floats:
    """Return (H, W, 3) linear color of a wall; ``other`` is the height above the ground."""
    tone = float(rng.uniform(0.12, 0.55)) * (1 + 0.1 * place.noise(rng, 2.5))
    tint = 1 + rng.normal(0, 0.06, 3)
    if kind == "trees":
        leaves = 1 + 0.5 * place.noise(rng, 0.15) + 0.5 * place.noise(rng, 0.8)
        return _color(0.09 * leaves.clip(0.08, 3), np.array([0.92, 1.06, 0.66]) * tint)
    if kind == "brick":
        tone = 0.5 * tone * (1 + 0.25 * place.cells(rng, (0.22, 0.075)))
        tone = tone * (1 - 0.3 * place.lines((0.22, 0.075), 0.01))
        return _color(tone, tint * [1.25, 0.95, 0.82])
    if kind == "plaster":
        stain = (1 - 0.25 * np.exp(-place.other / 0.4)) * (1 + 0.1 * place.noise(rng, 0.6))
        return _color(tone * stain, tint)
    spacing = {"panels": (1.2, 2.4), "facade": (2.4, 3.1), "glass": (1.5, 2.6), "shops": (4.0, 3.4)}
    step = spacing[kind]
    frame = place.lines(step, 0.06)
    if kind == "panels":
        return _color(tone * (1 + 0.06 * place.cells(rng, step)) * (1 - 0.5 * frame), tint)
    share = {"facade": 0.5, "glass": 0.95, "shops": 0.85}[kind]
    inside_x = np.abs(place.right / step[0] % 1 - 0.5) < share / 2
    inside_y = np.abs(place.other / step[1] % 1 - 0.52) < share / 2
    window = (inside_x & inside_y).astype(np.float32) * _fade(place.blur, 0.8)
    lit = 0.3 if kind == "shops" else 0.06
    pane = lit * np.exp(0.8 * place.cells(rng, step)) + 0.05 * place.noise(rng, 1.1).clip(0, None)
    wall = _color(tone * (1 - 0.4 * frame), tint)
    glass = _color(pane, 1 + rng.normal(0, 0.12, 3))
    return np.asarray(wall + window[..., None] * (glass - wall))


def _color(tone: Floats, tint: Floats) -> Floats:
    return (tone[..., None] * tint).clip(0.004, 1).astype(np.float32)


def _fade(blur: Floats, size: float) -> Floats:
    return (1.2 * size / (blur + 1e-6) - 0.6).clip(0, 1)


def _line(position: Floats, spacing: float, width: float, blur: Floats) -> Floats:
    """Where lines of a width lie; a line thinner than a pixel gets fainter instead of aliasing."""
    distance = np.abs((position / spacing + 0.5) % 1 - 0.5) * spacing
    wide = np.maximum(width, blur)
    sharp = ((wide / 2 - distance) / (blur + 1e-6) + 0.5).clip(0, 1)
    return np.asarray(sharp * (width / wide) * _fade(blur, spacing))
