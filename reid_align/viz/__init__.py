"""Pictures to look at: curves, textures, dense maps and sheets of many, drawn with Pillow alone."""

from reid_align.viz.curves import draw_curves
from reid_align.viz.dense import draw_iuv
from reid_align.viz.sheets import contact_sheet
from reid_align.viz.textures import draw_textures, texture_pixels

__all__ = ["contact_sheet", "draw_curves", "draw_iuv", "draw_textures", "texture_pixels"]
