"""Dense pose maps (IUV): convention, file formats, part images (DSAP) and mirroring."""

from reid_align.body_atlas import (
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
from reid_align.uv.coarse_crops import part_crops
from reid_align.uv.densepose import DensePoseOrder, align_charts, possible_orders, read_densepose
from reid_align.uv.detections import Detection, place_detections, read_detections
from reid_align.uv.dsap import MEAN_COLOR, Collision, part_images
from reid_align.uv.iuv import IUV
from reid_align.uv.iuv_mirror import mirror_iuv, mirror_part_crops, mirror_part_images
from reid_align.uv.iuv_png import load_iuv, save_iuv
from reid_align.uv.texel_map import TexelMap, mirror_texture

__all__ = [
    "BACKGROUND",
    "IUV",
    "MEAN_COLOR",
    "MIRROR",
    "NUM_PARTS",
    "PARTS",
    "SYMMETRIC",
    "UV_MAX",
    "Collision",
    "DensePoseOrder",
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
