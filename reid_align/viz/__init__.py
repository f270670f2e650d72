"""Images to look at: curves, textures, dense maps and sheets of many, drawn with Pillow alone."""

from reid_align.viz.curves import draw_curves
from reid_align.viz.dense import draw_iuv
from reid_align.viz.sheets import contact_sheet
from reid_align.viz.textures import texture_pixels

__all__ = ["contact_sheet", "draw_curves", "draw_iuv", "texture_pixels"]
