"""Features of images: in memory, or to files for millions of them."""

from reid_align.features.adaptation import Adaptation, adapt_norms, adapt_to
from reid_align.features.batches import FailedImage
from reid_align.features.extract import (
    FeatureExtractor,
    Features,
    extract_features,
    gather_features,
)
from reid_align.features.images import NamedImage
from reid_align.features.options import ExtractOptions
from reid_align.features.output import Extraction, extract_to_file
from reid_align.features.read import read_description, read_features
from reid_align.features.settings import describe_encoder
from reid_align.features.shard import Shard
from reid_align.inference.prepared_encoder import resolve_device

__all__ = [
    "Adaptation",
    "ExtractOptions",
    "Extraction",
    "FailedImage",
    "FeatureExtractor",
    "Features",
    "NamedImage",
    "Shard",
    "adapt_norms",
    "adapt_to",
    "describe_encoder",
    "extract_features",
    "extract_to_file",
    "gather_features",
    "read_description",
    "read_features",
    "resolve_device",
]
