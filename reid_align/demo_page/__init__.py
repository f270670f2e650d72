"""Local web page: search a gallery, compare two images, and label pairs for a calibration.

`page_layout`, `page_launch` and the tabs need Gradio; the other modules do not.
"""

from reid_align.demo_page.box_selection import BoxSelection
from reid_align.demo_page.demo_engine import DemoEngine, ShownHit
from reid_align.demo_page.pair_labeling import PairLabeling

__all__ = ["BoxSelection", "DemoEngine", "PairLabeling", "ShownHit"]
