"""Features of pictures: in memory, or to files for millions of them."""

from reid_align.features.extract import Features, extract_features
from reid_align.features.options import ExtractOptions
from reid_align.features.output import Extraction, extract_to_file
from reid_align.features.pipeline import FailedImage
from reid_align.features.read import read_features
from reid_align.features.shard import Shard

__all__ = [
    "ExtractOptions",
    "Extraction",
    "FailedImage",
    "Features",
    "Shard",
    "extract_features",
    "extract_to_file",
    "read_features",
]
