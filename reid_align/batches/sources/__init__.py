"""Sources of training images and their textures, dense pose maps, frontal and external images."""

from reid_align.batches.sources.pairs_source import PairsSource
from reid_align.batches.sources.reid_source import ReidSource
from reid_align.batches.sources.synthetic_source import SyntheticSource
from reid_align.batches.sources.texture_input import TextureInput
from reid_align.batches.sources.training_source import CompanionKind, Pixels, TrainingSource

__all__ = [
    "CompanionKind",
    "PairsSource",
    "Pixels",
    "ReidSource",
    "SyntheticSource",
    "TextureInput",
    "TrainingSource",
]
