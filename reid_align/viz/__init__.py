"""Images for inspection: textures, dense pose maps, contact sheets and line charts."""

from reid_align.viz.contact_sheets import contact_sheet
from reid_align.viz.iuv_image import draw_iuv
from reid_align.viz.line_charts import draw_curves
from reid_align.viz.texture_image import texture_pixels

__all__ = ["contact_sheet", "draw_curves", "draw_iuv", "texture_pixels"]
