"""Weights made elsewhere, or here, on their way to people who use them."""

from reid_align.publishing.average import average_encoders
from reid_align.publishing.build import build
from reid_align.publishing.bundle import bundle
from reid_align.publishing.convert import ConvertedSan, convert_san
from reid_align.publishing.entries import Listing
from reid_align.publishing.pin import pin
from reid_align.publishing.publication import Publication, gather
from reid_align.publishing.push import describe_push, push
from reid_align.publishing.release import Place, describe_release, release

__all__ = [
    "ConvertedSan",
    "Listing",
    "Place",
    "Publication",
    "average_encoders",
    "build",
    "bundle",
    "convert_san",
    "describe_push",
    "describe_release",
    "gather",
    "pin",
    "push",
    "release",
]
