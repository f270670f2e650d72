"""Unwrapping: from pictures of persons to textures or dense maps, as files."""

from reid_align.unwrapping.networks import DenseUnwrapper, Kind, TextureUnwrapper, Unwrapper
from reid_align.unwrapping.run import Unwrapped, unwrap_pictures
from reid_align.unwrapping.weights import load_unwrapper

__all__ = [
    "DenseUnwrapper",
    "Kind",
    "TextureUnwrapper",
    "Unwrapped",
    "Unwrapper",
    "load_unwrapper",
    "unwrap_pictures",
]
