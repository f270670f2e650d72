"""Where training pictures come from, and what comes with them."""

from reid_align.datasets.sources.base import Extra, Pixels, Source
from reid_align.datasets.sources.pairs import PairsSource
from reid_align.datasets.sources.reid import ReidSource
from reid_align.datasets.sources.synthetic import SyntheticSource
from reid_align.datasets.sources.textures import TextureInput

__all__ = [
    "Extra",
    "PairsSource",
    "Pixels",
    "ReidSource",
    "Source",
    "SyntheticSource",
    "TextureInput",
]
