"""Search for the gallery images nearest to query images."""

from reid_align.retrieval.gallery_features import GalleryFeatures, load_gallery
from reid_align.retrieval.hits_table import hits_table
from reid_align.retrieval.image_search import (
    encode_queries,
    search_features,
    search_images,
    warn_of_gallery,
)
from reid_align.retrieval.left_out_rows import Groups
from reid_align.retrieval.metadata_table import MetadataTable, read_metadata
from reid_align.retrieval.nearest_rows import NearestRows, nearest_rows
from reid_align.retrieval.query_images import QueryImages, query_images
from reid_align.retrieval.ranked_answers import ranked_lists
from reid_align.retrieval.recorded_encoder import recorded_encoder, recorded_options
from reid_align.retrieval.search_hits import Hit, QueryHits
from reid_align.retrieval.search_options import SearchOptions

__all__ = [
    "GalleryFeatures",
    "Groups",
    "Hit",
    "MetadataTable",
    "NearestRows",
    "QueryHits",
    "QueryImages",
    "SearchOptions",
    "encode_queries",
    "hits_table",
    "load_gallery",
    "nearest_rows",
    "query_images",
    "ranked_lists",
    "read_metadata",
    "recorded_encoder",
    "recorded_options",
    "search_features",
    "search_images",
    "warn_of_gallery",
]
