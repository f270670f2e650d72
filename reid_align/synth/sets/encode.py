"""Images and maps as files in memory."""

import cv2

from reid_align.synth.arrays import Pixels

# The image has been through its camera's own JPEG; storing it must not show.
_QUALITY = 93


def jpeg(image: Pixels) -> bytes:
    """Return an RGB image (H, W, 3) as a JPEG file."""
    _, data = cv2.imencode(".jpg", image[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return bytes(data)


def png(image: Pixels) -> bytes:
    """Return an image or a dense map (H, W, 3), or a mask (H, W), as a PNG file, without loss.

    The channels keep their order: red is the part number of a dense map, as `reid_align.uv` reads.
    """
    stored = image[..., ::-1] if image.ndim == 3 else image
    options = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, 3)
    _, data = cv2.imencode(".png", stored, options)
    return bytes(data)
