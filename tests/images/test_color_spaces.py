"""Conversion of CMYK, YCbCr, HSV and L*a*b* to RGB, against explicit formulas."""

from pathlib import Path

import numpy as np
from handmade import decode, saved
from numpy.typing import NDArray
from PIL import Image

from reid_align.images import to_rgb

INKS = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 200, 100, 0], [20, 60, 80, 128]]], np.uint8)
# Without a profile: (1 - ink) (1 - black).
MIXED = np.rint((255.0 - INKS[..., :3]) * (255.0 - INKS[..., 3:]) / 255)


def flat_blocks(pixels: NDArray[np.uint8]) -> Image.Image:
    """Enlarge each pixel to a block of 16 × 16 that JPEG nearly preserves."""
    large = pixels.repeat(16, axis=0).repeat(16, axis=1)
    return Image.frombytes("CMYK", (large.shape[1], large.shape[0]), large.tobytes())


def test_cmyk_is_converted_without_a_profile() -> None:
    np.testing.assert_allclose(to_rgb(flat_blocks(INKS))[8:9, 8::16], MIXED, atol=1)


def test_a_cmyk_jpeg_is_not_inverted(tmp_path: Path) -> None:
    data = saved(flat_blocks(INKS), "JPEG", quality=100, subsampling=0)
    assert b"Adobe" in data
    np.testing.assert_allclose(decode(tmp_path, data)[8:9, 8::16], MIXED, atol=3)


def test_a_ycck_jpeg_is_not_inverted(tmp_path: Path) -> None:
    # Y, Cb, Cr are written as inks, then marked as YCCK. The file holds inverted inks: Pillow
    # inverts when writing, and the decoder inverts again after converting YCbCr to RGB.
    red, green, blue = (INKS[..., i].astype(float) for i in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    planes = [luma, 128 + (blue - luma) / 1.772, 128 + (red - luma) / 1.402]
    stored = np.stack([*planes, 255.0 - INKS[..., 3]], axis=2)
    written = np.rint(255 - stored).astype(np.uint8)
    data = bytearray(saved(flat_blocks(written), "JPEG", quality=100, subsampling=0))
    transform = data.index(b"Adobe") + 11
    assert data[transform] == 0
    data[transform] = 2
    np.testing.assert_allclose(decode(tmp_path, bytes(data))[8:9, 8::16], MIXED, atol=4)


def test_ycbcr_and_hsv_in_memory() -> None:
    # Source: JFIF 1.02 section 7 for YCbCr; the hexcone model for HSV, with hue in 256 steps.
    assert to_rgb(Image.new("YCbCr", (1, 1), (76, 85, 255)))[0, 0].tolist() == [254, 0, 0]
    assert to_rgb(Image.new("YCbCr", (1, 1), (100, 128, 128)))[0, 0].tolist() == [100, 100, 100]
    assert to_rgb(Image.new("HSV", (1, 1), (0, 255, 200)))[0, 0].tolist() == [200, 0, 0]
    assert to_rgb(Image.new("HSV", (1, 1), (99, 0, 123)))[0, 0].tolist() == [123, 123, 123]


def srgb_of_lab(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert L*a*b* (D50) to sRGB in [0, 255].

    Source: CIE 15 for L*a*b* to XYZ; the D50 matrix of sRGB and its curve from IEC 61966-2-1.
    """
    y = (lab[..., 0] + 16) / 116
    roots = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    scaled = np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29))
    xyz = scaled * [0.9642, 1.0, 0.8249]
    to_linear = np.array(
        [[3.1339, -1.6169, -0.4906], [-0.9788, 1.9161, 0.0335], [0.0719, -0.2290, 1.4052]]
    )
    linear = (xyz @ to_linear.T).clip(0, 1)
    curved = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return 255 * curved


def test_lab_is_converted(tmp_path: Path) -> None:
    lab = np.array([[[20, 10, -10], [50, 40, 20], [60, -30, 30], [80, 0, 0], [100, 0, 0]]], float)
    stored = np.rint(lab * [2.55, 1, 1] + [0, 128, 128])
    image = Image.new("LAB", (5, 1))
    for x, value in enumerate(stored[0]):
        image.putpixel((x, 0), tuple(int(v) for v in value))
    np.testing.assert_allclose(to_rgb(image), srgb_of_lab(lab), atol=2)
    np.testing.assert_array_equal(decode(tmp_path, saved(image, "TIFF")), to_rgb(image))
