"""Texture strip with the materials of bags, hats and umbrellas."""

import numpy as np

from reid_align.synth.appearance.color_palettes import Color
from reid_align.synth.array_types import Floats, Pixels
from reid_align.synth.body.part_charts import TEXTURE_SIZE

TILE = 32


class Materials:
    """Up to eight material tiles of 32×32 texels, below the body texture.

    Args:
        rng: random generator of the grain.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._tiles: list[Pixels] = []

    def add(self, color: Color, accent: Color | None = None, band: float = 0.25) -> int:
        """Add a tile of one color, optionally with a band of a second color; return its index."""
        tile = color * (1 + 0.05 * self._rng.standard_normal((TILE, TILE, 1)))
        if accent is not None:
            top = int(self._rng.integers(4, 18))
            tile[top : top + int(band * TILE)] = accent
            tile[top - 1 : top + 1] *= 0.6
        self._tiles.append(np.round(tile.clip(0, 1) * 255).astype(np.uint8))
        return len(self._tiles) - 1

    @staticmethod
    def texels(tile: int, material_uv: Floats) -> Floats:
        """Return the texture (column, row) of coordinates (V, 2) in [0, 1] on a tile."""
        inside = 1 + material_uv * (TILE - 3)
        return np.asarray(np.add(inside, (tile * TILE, TEXTURE_SIZE)), np.float32)

    def strip(self) -> Pixels:
        """Return all tiles in a row, (32, 256, 3)."""
        strip = np.zeros((TILE, TEXTURE_SIZE, 3), np.uint8)
        for index, tile in enumerate(self._tiles):
            strip[:, index * TILE : (index + 1) * TILE] = tile
        return strip
