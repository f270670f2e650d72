"""Feature extraction, in memory or to files."""

from reid_align.features.adaptation import Adaptation, adapt_norms, adapt_to
from reid_align.features.extract_options import ExtractOptions
from reid_align.features.extract_to_file import Extraction, extract_to_file
from reid_align.features.extractor import (
    FeatureExtractor,
    Features,
    digest_of,
    extract_features,
    extract_named_images,
)
from reid_align.features.feature_description import describe_encoder, describe_features
from reid_align.features.feature_digest import feature_digest, require_same_digest
from reid_align.features.feature_reader import read_description, read_features
from reid_align.features.frame_crops import FailedBox, box_corners
from reid_align.features.image_batches import FailedImage
from reid_align.features.image_inputs import NamedImage
from reid_align.features.image_shard import ImageShard

__all__ = [
    "Adaptation",
    "ExtractOptions",
    "Extraction",
    "FailedBox",
    "FailedImage",
    "FeatureExtractor",
    "Features",
    "ImageShard",
    "NamedImage",
    "adapt_norms",
    "adapt_to",
    "box_corners",
    "describe_encoder",
    "describe_features",
    "digest_of",
    "extract_features",
    "extract_named_images",
    "extract_to_file",
    "feature_digest",
    "read_description",
    "read_features",
    "require_same_digest",
]
