"""Things that stand in scenes: flat pictures with opacity, as tall and wide as the things are."""

from collections.abc import Callable

import cv2
import numpy as np

from reid_align.synth.arrays import Floats

_PIXELS_PER_METRE = 64


def _blank(width: float, height: float) -> Floats:
    size = (int(height * _PIXELS_PER_METRE), int(width * _PIXELS_PER_METRE), 4)
    return np.zeros(size, np.float32)


def _box(picture: Floats, x: float, y: float, width: float, height: float, colour: Floats) -> None:
    """Fill a rectangle given in metres from the lower left corner."""
    rows = picture.shape[0]
    left, right = (int(v * _PIXELS_PER_METRE) for v in (x, x + width))
    low, high = (rows - int(v * _PIXELS_PER_METRE) for v in (y, y + height))
    picture[max(0, high) : max(high + 1, low), max(0, left) : max(left + 1, right)] = (*colour, 1)


def _metal(rng: np.random.Generator) -> Floats:
    dull = rng.uniform(0.02, 0.5) * (1 + rng.normal(0, 0.08, 3))
    painted = np.array([(0.18, 0.02, 0.03), (0.03, 0.09, 0.06), (0.03, 0.05, 0.12)])[
        rng.integers(3)
    ]
    return np.clip(painted if rng.random() < 0.25 else dull, 0.005, 0.9)


def railing(rng: np.random.Generator) -> Floats:
    """A railing with bars or with panes of glass."""
    width, height = float(rng.uniform(3, 7)), float(rng.uniform(0.95, 1.25))
    picture, colour = _blank(width, height), _metal(rng)
    if rng.random() < 0.25:
        picture[...] = (*(0.25 * np.ones(3)), 0.35)
        spacing, bar = 1.2, 0.05
    else:
        spacing, bar = float(rng.uniform(0.1, 0.2)), 0.028
    for x in np.arange(0, width, spacing):
        _box(picture, float(x), 0, bar, height, colour)
    for y in (0.08, height - 0.06, *((height / 2,) if rng.random() < 0.4 else ())):
        _box(picture, 0, float(y), width, 0.055, colour)
    return picture


def wall_block(rng: np.random.Generator) -> Floats:
    """A low wall, a planter or a kiosk."""
    width, height = float(rng.uniform(0.6, 3.5)), float(rng.uniform(0.4, 1.3))
    picture = _blank(width, height)
    colour = rng.uniform(0.08, 0.6) * (1 + rng.normal(0, 0.08, 3))
    _box(picture, 0, 0, width, height, colour.clip(0.01, 1))
    _box(picture, 0, height - 0.08, width, 0.08, (1.35 * colour).clip(0.01, 1))
    return picture


def foliage(rng: np.random.Generator) -> Floats:
    """A bush, a hedge, or a young tree with its trunk."""
    tree = rng.random() < 0.45
    width = float(rng.uniform(1.4, 3.0) if tree else rng.uniform(0.8, 3.5))
    height = float(rng.uniform(3, 4.5) if tree else rng.uniform(0.6, 1.6))
    picture = _blank(width, height)
    rows, columns = picture.shape[:2]
    if tree:
        _box(picture, width / 2 - 0.08, 0, 0.16, height, np.array([0.05, 0.035, 0.025]))
    green = np.array([0.075, 0.095, 0.045]) * rng.uniform(0.6, 1.6)
    low = 0.45 if tree else 1.0
    for _ in range(int(90 * width)):
        x, y = rng.random(), rng.random() ** 0.8 * low
        if tree and (x - 0.5) ** 2 + (y / low - 0.5) ** 2 > 0.26:
            continue
        leaf = green * np.exp(rng.normal(0, 0.45)) * (1.4 - y / low)
        centre, radius = (int(x * columns), int(y * rows)), int(rng.integers(3, 11))
        cv2.circle(picture, centre, radius, (*(float(v) for v in leaf), 1.0), -1)
    return picture


def pole(rng: np.random.Generator) -> Floats:
    """A lamp post, a pillar or a bollard; now and then with a sign."""
    width = float(rng.choice((0.1, 0.16, 0.45), p=(0.5, 0.3, 0.2)))
    height = float(rng.choice((1.0, 3.0, 5.0)))
    picture, colour = _blank(max(width, 0.7), height), _metal(rng)
    left = (max(width, 0.7) - width) / 2
    _box(picture, left, 0, width, height, colour)
    _box(picture, left, 0, 0.3 * width, height, (1.5 * colour).clip(0, 0.9))
    if height > 2 and rng.random() < 0.5:
        plate = rng.uniform(0.03, 0.5) * (1 + rng.normal(0, 0.25, 3))
        _box(picture, 0, float(rng.uniform(1.8, 2.3)), 0.7, 0.6, plate.clip(0.01, 0.8))
    return picture


def car(rng: np.random.Generator) -> Floats:
    """A parked car, from the side."""
    picture = _blank(4.3, 1.5)
    rows, columns = picture.shape[:2]
    paints = (
        (0.4,) * 3,
        (0.015,) * 3,
        (0.15,) * 3,
        (0.55,) * 3,
        (0.25, 0.02, 0.02),
        (0.03, 0.06, 0.16),
    )
    paint = np.array(paints[rng.integers(len(paints))]) * rng.uniform(0.8, 1.2)
    outline = [
        (0, 0.32),
        (0.02, 0.62),
        (0.16, 0.68),
        (0.3, 0.98),
        (0.68, 1.0),
        (0.84, 0.68),
        (0.99, 0.6),
        (1, 0.3),
    ]
    window = [(0.2, 0.66), (0.32, 0.92), (0.66, 0.94), (0.78, 0.66)]
    for shape, colour in ((outline, paint), (window, np.array([0.02, 0.025, 0.03]))):
        points = np.array([(x * columns, (1 - y) * rows) for x, y in shape]).astype(np.int32)
        cv2.fillPoly(picture, [points], (*(float(v) for v in colour), 1.0), cv2.LINE_AA)
    _box(picture, 2.05, 0.95, 0.08, 0.45, paint)
    for x in (0.2, 0.8):
        centre = (int(x * columns), int(0.8 * rows))
        cv2.circle(picture, centre, int(0.2 * rows), (0.008, 0.008, 0.008, 1.0), -1, cv2.LINE_AA)
        cv2.circle(picture, centre, int(0.11 * rows), (0.2, 0.2, 0.2, 1.0), -1, cv2.LINE_AA)
    return picture


def bench(rng: np.random.Generator) -> Floats:
    """A bench."""
    width = float(rng.uniform(1.4, 2.2))
    picture, colour = _blank(width, 0.85), _metal(rng)
    wood = np.array([0.2, 0.12, 0.07]) * rng.uniform(0.5, 1.5)
    for y in (0.42, 0.6, 0.73):
        _box(picture, 0, y, width, 0.08, wood)
    for x in (0.12, width - 0.2):
        _box(picture, x, 0, 0.08, 0.8, colour)
    return picture


def sign(rng: np.random.Generator) -> Floats:
    """A notice board, a poster or a shop's sign with lettering."""
    width, height = float(rng.uniform(0.7, 1.8)), float(rng.uniform(1.2, 2.1))
    picture = _blank(width, height)
    paper = rng.uniform(0.05, 0.6) * (1 + rng.normal(0, 0.12, 3))
    _box(picture, 0, 0.35, width, height - 0.35, paper.clip(0.01, 0.95))
    for x in (0.05, width - 0.12):
        _box(picture, x, 0, 0.07, 0.4, np.full(3, 0.05))
    ink = (1 - paper).clip(0.02, 0.8) * rng.uniform(0.2, 0.9)
    for y in np.arange(0.5, height - 0.2, 0.16):
        _box(picture, 0.1, float(y), float(rng.uniform(0.2, width - 0.2)), 0.07, ink)
    return picture


Prop = Callable[[np.random.Generator], Floats]
OUTDOOR_PROPS: tuple[Prop, ...] = (railing, foliage, foliage, pole, car, bench, wall_block, sign)
INDOOR_PROPS: tuple[Prop, ...] = (railing, pole, wall_block, sign, sign, bench)


def size_in_metres(picture: Floats) -> tuple[float, float]:
    """Return width and height in metres of a prop's picture."""
    return picture.shape[1] / _PIXELS_PER_METRE, picture.shape[0] / _PIXELS_PER_METRE
