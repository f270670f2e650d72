"""Dense body maps: their convention, where they come from, and the part images made with them."""

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
from reid_align.uv.dsap import MEAN_COLOUR, Collision, part_images
from reid_align.uv.iuv import IUV
from reid_align.uv.mirror import mirror_iuv, mirror_part_crops, mirror_part_images
from reid_align.uv.png import load_iuv, save_iuv
from reid_align.uv.texture import TexelMap, mirror_texture

__all__ = [
    "BACKGROUND",
    "IUV",
    "MEAN_COLOUR",
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
