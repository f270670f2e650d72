"""Props of a scene (railings, trees, cars, signs) as flat images with opacity."""

from collections.abc import Callable

import cv2
import numpy as np

from reid_align.synth.array_types import Floats

_PIXELS_PER_METER = 64


def _blank(width: float, height: float) -> Floats:
    size = (int(height * _PIXELS_PER_METER), int(width * _PIXELS_PER_METER), 4)
    return np.zeros(size, np.float32)


def _box(image: Floats, x: float, y: float, width: float, height: float, color: Floats) -> None:
    """Fill a rectangle given in meters from the lower left corner."""
    rows = image.shape[0]
    left, right = (int(v * _PIXELS_PER_METER) for v in (x, x + width))
    low, high = (rows - int(v * _PIXELS_PER_METER) for v in (y, y + height))
    image[max(0, high) : max(high + 1, low), max(0, left) : max(left + 1, right)] = (*color, 1)


def _metal(rng: np.random.Generator) -> Floats:
    dull = rng.uniform(0.02, 0.5) * (1 + rng.normal(0, 0.08, 3))
    painted = np.array([(0.18, 0.02, 0.03), (0.03, 0.09, 0.06), (0.03, 0.05, 0.12)])[
        rng.integers(3)
    ]
    return np.clip(painted if rng.random() < 0.25 else dull, 0.005, 0.9)


def railing(rng: np.random.Generator) -> Floats:
    """Draw a railing with bars or glass panes."""
    width, height = float(rng.uniform(3, 7)), float(rng.uniform(0.95, 1.25))
    image, color = _blank(width, height), _metal(rng)
    if rng.random() < 0.25:
        image[...] = (*(0.25 * np.ones(3)), 0.35)
        spacing, bar = 1.2, 0.05
    else:
        spacing, bar = float(rng.uniform(0.1, 0.2)), 0.028
    for x in np.arange(0, width, spacing):
        _box(image, float(x), 0, bar, height, color)
    for y in (0.08, height - 0.06, *((height / 2,) if rng.random() < 0.4 else ())):
        _box(image, 0, float(y), width, 0.055, color)
    return image


def wall_block(rng: np.random.Generator) -> Floats:
    """Draw a low wall or a planter."""
    width, height = float(rng.uniform(0.6, 3.5)), float(rng.uniform(0.4, 1.3))
    image = _blank(width, height)
    color = rng.uniform(0.08, 0.6) * (1 + rng.normal(0, 0.08, 3))
    _box(image, 0, 0, width, height, color.clip(0.01, 1))
    _box(image, 0, height - 0.08, width, 0.08, (1.35 * color).clip(0.01, 1))
    return image


def foliage(rng: np.random.Generator) -> Floats:
    """Draw a bush, a hedge or a young tree."""
    tree = rng.random() < 0.45
    width = float(rng.uniform(1.4, 3.0) if tree else rng.uniform(0.8, 3.5))
    height = float(rng.uniform(3, 4.5) if tree else rng.uniform(0.6, 1.6))
    image = _blank(width, height)
    rows, columns = image.shape[:2]
    if tree:
        _box(image, width / 2 - 0.08, 0, 0.16, height, np.array([0.05, 0.035, 0.025]))
    green = np.array([0.075, 0.095, 0.045]) * rng.uniform(0.6, 1.6)
    low = 0.45 if tree else 1.0
    for _ in range(int(90 * width)):
        x, y = rng.random(), rng.random() ** 0.8 * low
        if tree and (x - 0.5) ** 2 + (y / low - 0.5) ** 2 > 0.26:
            continue
        leaf = green * np.exp(rng.normal(0, 0.45)) * (1.4 - y / low)
        center, radius = (int(x * columns), int(y * rows)), int(rng.integers(3, 11))
        cv2.circle(image, center, radius, (*(float(v) for v in leaf), 1.0), -1)
    return image


def pole(rng: np.random.Generator) -> Floats:
    """Draw a lamp post, a pillar or a bollard, with or without a sign."""
    width = float(rng.choice((0.1, 0.16, 0.45), p=(0.5, 0.3, 0.2)))
    height = float(rng.choice((1.0, 3.0, 5.0)))
    image, color = _blank(max(width, 0.7), height), _metal(rng)
    left = (max(width, 0.7) - width) / 2
    _box(image, left, 0, width, height, color)
    _box(image, left, 0, 0.3 * width, height, (1.5 * color).clip(0, 0.9))
    if height > 2 and rng.random() < 0.5:
        plate = rng.uniform(0.03, 0.5) * (1 + rng.normal(0, 0.25, 3))
        _box(image, 0, float(rng.uniform(1.8, 2.3)), 0.7, 0.6, plate.clip(0.01, 0.8))
    return image


def car(rng: np.random.Generator) -> Floats:
    """Draw a parked car from the side."""
    image = _blank(4.3, 1.5)
    rows, columns = image.shape[:2]
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
    for shape, color in ((outline, paint), (window, np.array([0.02, 0.025, 0.03]))):
        points = np.array([(x * columns, (1 - y) * rows) for x, y in shape]).astype(np.int32)
        cv2.fillPoly(image, [points], (*(float(v) for v in color), 1.0), cv2.LINE_AA)
    _box(image, 2.05, 0.95, 0.08, 0.45, paint)
    for x in (0.2, 0.8):
        center = (int(x * columns), int(0.8 * rows))
        cv2.circle(image, center, int(0.2 * rows), (0.008, 0.008, 0.008, 1.0), -1, cv2.LINE_AA)
        cv2.circle(image, center, int(0.11 * rows), (0.2, 0.2, 0.2, 1.0), -1, cv2.LINE_AA)
    return image


def bench(rng: np.random.Generator) -> Floats:
    """Draw a bench."""
    width = float(rng.uniform(1.4, 2.2))
    image, color = _blank(width, 0.85), _metal(rng)
    wood = np.array([0.2, 0.12, 0.07]) * rng.uniform(0.5, 1.5)
    for y in (0.42, 0.6, 0.73):
        _box(image, 0, y, width, 0.08, wood)
    for x in (0.12, width - 0.2):
        _box(image, x, 0, 0.08, 0.8, color)
    return image


def sign(rng: np.random.Generator) -> Floats:
    """Draw a notice board with lettering."""
    width, height = float(rng.uniform(0.7, 1.8)), float(rng.uniform(1.2, 2.1))
    image = _blank(width, height)
    paper = rng.uniform(0.05, 0.6) * (1 + rng.normal(0, 0.12, 3))
    _box(image, 0, 0.35, width, height - 0.35, paper.clip(0.01, 0.95))
    for x in (0.05, width - 0.12):
        _box(image, x, 0, 0.07, 0.4, np.full(3, 0.05))
    ink = (1 - paper).clip(0.02, 0.8) * rng.uniform(0.2, 0.9)
    for y in np.arange(0.5, height - 0.2, 0.16):
        _box(image, 0.1, float(y), float(rng.uniform(0.2, width - 0.2)), 0.07, ink)
    return image


Prop = Callable[[np.random.Generator], Floats]
OUTDOOR_PROPS: tuple[Prop, ...] = (railing, foliage, foliage, pole, car, bench, wall_block, sign)
INDOOR_PROPS: tuple[Prop, ...] = (railing, pole, wall_block, sign, sign, bench)


def size_in_meters(image: Floats) -> tuple[float, float]:
    """Return the width and height in meters of the image of a prop."""
    return image.shape[1] / _PIXELS_PER_METER, image.shape[0] / _PIXELS_PER_METER
