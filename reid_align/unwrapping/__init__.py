"""Unwrapping: from images of persons to textures or dense maps, as files."""

from reid_align.unwrapping.jobs import Job, jobs_below
from reid_align.unwrapping.networks import DenseUnwrapper, Kind, TextureUnwrapper, Unwrapper
from reid_align.unwrapping.run import Unwrapped, unwrap_images
from reid_align.unwrapping.weights import load_unwrapper

__all__ = [
    "DenseUnwrapper",
    "Job",
    "Kind",
    "TextureUnwrapper",
    "Unwrapped",
    "Unwrapper",
    "jobs_below",
    "load_unwrapper",
    "unwrap_images",
]
