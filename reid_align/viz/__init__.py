"""Images for inspection: sheets, ranked lists, maps, charts, dense pose maps and textures."""

from reid_align.viz.contact_sheets import contact_sheet
from reid_align.viz.feature_map import map_positions
from reid_align.viz.heat_overlay import heat_overlay
from reid_align.viz.iuv_image import draw_iuv
from reid_align.viz.line_charts import draw_curves
from reid_align.viz.part_images import draw_part_images
from reid_align.viz.ranked_lists import RankedImage, RankedList, worst_first
from reid_align.viz.ranked_page import ranked_page
from reid_align.viz.ranked_sheet import ranked_sheet
from reid_align.viz.texture_image import texture_pixels
from reid_align.viz.thumbnail_scatter import thumbnail_scatter

__all__ = [
    "RankedImage",
    "RankedList",
    "contact_sheet",
    "draw_curves",
    "draw_iuv",
    "draw_part_images",
    "heat_overlay",
    "map_positions",
    "ranked_page",
    "ranked_sheet",
    "texture_pixels",
    "thumbnail_scatter",
    "worst_first",
]
