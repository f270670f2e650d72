"""Explanations: regions that determine features, and regions of two images that match."""

from reid_align.explanation.explain_images import explain_image, explain_pair
from reid_align.explanation.explanation_result import Explanation, Method
from reid_align.explanation.position_features import PositionFeatures, position_features
from reid_align.explanation.region_matches import RegionMatch, match_regions
from reid_align.explanation.similarity_shares import SimilarityShares, similarity_shares

__all__ = [
    "Explanation",
    "Method",
    "PositionFeatures",
    "RegionMatch",
    "SimilarityShares",
    "explain_image",
    "explain_pair",
    "match_regions",
    "position_features",
    "similarity_shares",
]
