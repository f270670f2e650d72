"""Unwrapping of person images to textures or dense pose maps (IUV) in PNG files."""

from reid_align.unwrapping.unwrap_jobs import UnwrapJob, jobs_below
from reid_align.unwrapping.unwrap_pipeline import UnwrapSummary, unwrap_images
from reid_align.unwrapping.unwrap_weights import default_unwrap_weights, load_unwrapper
from reid_align.unwrapping.unwrappers import DenseUnwrapper, TextureUnwrapper, UnwrapKind, Unwrapper

__all__ = [
    "DenseUnwrapper",
    "TextureUnwrapper",
    "UnwrapJob",
    "UnwrapKind",
    "UnwrapSummary",
    "Unwrapper",
    "default_unwrap_weights",
    "jobs_below",
    "load_unwrapper",
    "unwrap_images",
]
