"""Colors of clothes, skin and hair, with their frequencies in street images."""

import numpy as np

from reid_align.synth.array_types import Floats

Color = Floats
_Shares = dict[tuple[int, int, int], float]
# Display colors (sRGB, 0-255) with their share in percent. Most street clothing is black, gray,
# white, navy or denim.
_UPPER: _Shares = {
    (20, 20, 22): 24, (36, 37, 42): 10, (62, 64, 68): 7, (112, 113, 116): 6, (165, 165, 164): 6,
    (222, 222, 219): 12, (24, 28, 44): 7, (38, 47, 74): 5, (74, 92, 122): 4, (128, 146, 170): 3,
    (92, 28, 32): 2.5, (148, 44, 44): 2.5, (62, 44, 34): 2, (112, 92, 70): 2, (172, 156, 130): 2.5,
    (58, 64, 48): 2, (52, 82, 68): 1.5, (176, 132, 140): 2, (84, 66, 94): 1.2, (196, 164, 84): 1.2,
    (190, 104, 54): 0.8, (64, 118, 140): 1.3, (122, 158, 132): 0.8,
}  # fmt: skip
_LOWER: _Shares = {
    (20, 20, 23): 30, (38, 39, 44): 10, (66, 68, 72): 6, (118, 118, 118): 4, (30, 36, 52): 12,
    (46, 58, 84): 12, (76, 94, 124): 7, (130, 146, 164): 3, (108, 96, 76): 4, (158, 142, 114): 4,
    (72, 58, 46): 2.5, (64, 66, 50): 2, (206, 204, 198): 2, (96, 40, 42): 0.8, (60, 90, 80): 0.5,
}  # fmt: skip
_SHOES: _Shares = {
    (24, 24, 25): 42, (60, 58, 58): 12, (214, 214, 210): 18, (84, 62, 46): 10, (124, 124, 124): 8,
    (44, 54, 84): 5, (150, 56, 52): 3, (184, 160, 120): 2,
}  # fmt: skip
_BAGS: _Shares = {
    (22, 22, 24): 50, (52, 52, 56): 12, (34, 42, 66): 9, (92, 66, 46): 9, (150, 122, 90): 5,
    (120, 34, 36): 4, (112, 114, 116): 5, (66, 74, 54): 3, (200, 196, 188): 3,
}  # fmt: skip
_HAIR: _Shares = {
    (16, 14, 14): 40, (26, 21, 19): 24, (46, 33, 25): 14, (76, 54, 38): 8, (116, 86, 54): 4,
    (164, 132, 90): 3, (130, 130, 130): 4, (186, 184, 180): 2, (104, 48, 30): 1,
}  # fmt: skip
_SKIN: _Shares = {
    (236, 204, 182): 12, (226, 188, 160): 22, (212, 168, 136): 24, (190, 142, 110): 16,
    (160, 112, 82): 10, (124, 84, 60): 8, (90, 60, 46): 6, (64, 44, 36): 4,
}  # fmt: skip
_TABLES: dict[str, _Shares] = {
    "upper": _UPPER, "lower": _LOWER, "shoes": _SHOES, "bag": _BAGS, "hair": _HAIR, "skin": _SKIN
}  # fmt: skip
# Deviation of the logarithm of the brightness, and of each channel.
_SPREAD = {"upper": (0.16, 0.06), "skin": (0.05, 0.02), "hair": (0.12, 0.04)}


def sample_color(rng: np.random.Generator, kind: str) -> Color:
    """Draw a display color (3,) in [0, 1].

    Args:
        rng: random generator.
        kind: "upper", "lower", "shoes", "bag", "hair" or "skin".
    """
    table = _TABLES[kind]
    shares = np.array(list(table.values()))
    base = np.array(list(table)[rng.choice(len(table), p=shares / shares.sum())])
    brightness, hue = _SPREAD.get(kind, (0.14, 0.05))
    factor = np.exp(rng.normal(0, brightness) + rng.normal(0, hue, 3))
    return (base / 255 * factor).clip(0.03, 0.93).astype(np.float32)


def contrasting_color(rng: np.random.Generator, other: Color, kind: str) -> Color:
    """Draw a color that differs from ``other``: the most different of four."""
    draws = [sample_color(rng, kind) for _ in range(4)]
    return max(draws, key=lambda color: float(np.abs(color - other).sum()))
