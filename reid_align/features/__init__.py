"""Feature extraction, in memory or to files."""

from reid_align.features.adaptation import Adaptation, adapt_norms, adapt_to
from reid_align.features.box_quality import box_quality
from reid_align.features.extract_options import ExtractOptions
from reid_align.features.extract_to_file import Extraction, extract_to_file
from reid_align.features.extractor import FeatureExtractor
from reid_align.features.feature_description import describe_encoder, describe_features
from reid_align.features.feature_digest import feature_digest, require_same_digest
from reid_align.features.feature_matrix import Features
from reid_align.features.feature_reader import is_feature_file, read_description, read_features
from reid_align.features.frame_crops import FailedBox, box_corners
from reid_align.features.image_batches import FailedImage
from reid_align.features.image_inputs import NamedImage
from reid_align.features.image_shard import ImageShard
from reid_align.features.in_memory_extraction import (
    digest_of,
    extract_features,
    extract_named_images,
)
from reid_align.features.joined_features import join_features
from reid_align.features.track_features import TrackFeatures

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
    "TrackFeatures",
    "adapt_norms",
    "adapt_to",
    "box_corners",
    "box_quality",
    "describe_encoder",
    "describe_features",
    "digest_of",
    "extract_features",
    "extract_named_images",
    "extract_to_file",
    "feature_digest",
    "is_feature_file",
    "join_features",
    "read_description",
    "read_features",
    "require_same_digest",
]
