"""Where training images come from, and what comes with them."""

from reid_align.batches.sources.base import Extra, Pixels, Source
from reid_align.batches.sources.pairs import PairsSource
from reid_align.batches.sources.reid import ReidSource
from reid_align.batches.sources.synthetic import SyntheticSource
from reid_align.batches.sources.textures import TextureInput

__all__ = [
    "Extra",
    "PairsSource",
    "Pixels",
    "ReidSource",
    "Source",
    "SyntheticSource",
    "TextureInput",
]
