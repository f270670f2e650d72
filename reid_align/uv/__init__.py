"""Dense body maps: their convention, where they come from, and the part images made with them."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reid_align.uv.atlas import (
        BACKGROUND,
        MIRROR,
        NUM_PARTS,
        PARTS,
        SYMMETRIC,
        UV_MAX,
        Face,
        Part,
        Region,
        Side,
    )
    from reid_align.uv.coarse import part_crops
    from reid_align.uv.densepose import ChannelOrder, align_charts, possible_orders, read_densepose
    from reid_align.uv.detections import Detection, place_detections, read_detections
    from reid_align.uv.dsap import MEAN_COLOR, Collision, part_images
    from reid_align.uv.iuv import IUV
    from reid_align.uv.mirror import mirror_iuv, mirror_part_crops, mirror_part_images
    from reid_align.uv.png import load_iuv, save_iuv
    from reid_align.uv.texture import TexelMap, mirror_texture

__all__ = [
    "BACKGROUND",
    "IUV",
    "MEAN_COLOR",
    "MIRROR",
    "NUM_PARTS",
    "PARTS",
    "SYMMETRIC",
    "UV_MAX",
    "ChannelOrder",
    "Collision",
    "Detection",
    "Face",
    "Part",
    "Region",
    "Side",
    "TexelMap",
    "align_charts",
    "load_iuv",
    "mirror_iuv",
    "mirror_part_crops",
    "mirror_part_images",
    "mirror_texture",
    "part_crops",
    "part_images",
    "place_detections",
    "possible_orders",
    "read_densepose",
    "read_detections",
    "save_iuv",
]

_NAMES = {
    "atlas": (
        "BACKGROUND",
        "MIRROR",
        "NUM_PARTS",
        "PARTS",
        "SYMMETRIC",
        "UV_MAX",
        "Face",
        "Part",
        "Region",
        "Side",
    ),
    "coarse": ("part_crops",),
    "densepose": (
        "ChannelOrder",
        "align_charts",
        "possible_orders",
        "read_densepose",
    ),
    "detections": (
        "Detection",
        "place_detections",
        "read_detections",
    ),
    "dsap": (
        "MEAN_COLOR",
        "Collision",
        "part_images",
    ),
    "iuv": ("IUV",),
    "mirror": (
        "mirror_iuv",
        "mirror_part_crops",
        "mirror_part_images",
    ),
    "png": (
        "load_iuv",
        "save_iuv",
    ),
    "texture": (
        "TexelMap",
        "mirror_texture",
    ),
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: the convention itself needs no torch."""
    if name not in _MODULES:
        raise AttributeError(f"module 'reid_align.uv' has no attribute {name!r}")
    value: object = getattr(import_module(f"reid_align.uv.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
