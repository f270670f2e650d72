"""Galleries: stored features that grow and can be filtered, and an index in memory."""

from reid_align.galleries.faiss_index import FaissIndex
from reid_align.galleries.gallery_location import is_gallery
from reid_align.galleries.gallery_reading import GalleryContents, GalleryRow
from reid_align.galleries.image_import import (
    AddedRows,
    add_feature_file,
    add_images,
    gallery_encoder,
)
from reid_align.galleries.stored_gallery import Gallery

__all__ = [
    "AddedRows",
    "FaissIndex",
    "Gallery",
    "GalleryContents",
    "GalleryRow",
    "add_feature_file",
    "add_images",
    "gallery_encoder",
    "is_gallery",
]
