"""Image listing and decoding to RGB."""

from reid_align.images.decode import MAX_PIXELS, decode_image, open_image, to_rgb
from reid_align.images.find import find_images, find_sources

__all__ = ["MAX_PIXELS", "decode_image", "find_images", "find_sources", "open_image", "to_rgb"]
