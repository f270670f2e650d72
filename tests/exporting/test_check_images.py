"""Images that an exported model is checked on."""

import numpy as np

from reid_align.exporting import check_images
from reid_align.exporting.export_check import ExportCheck
from reid_align.preprocess import Preprocess


def test_sizes_are_smaller_and_larger_than_the_input() -> None:
    found = check_images(Preprocess(64, 32))
    sizes = [image.shape[:2] for image in found]
    assert len(set(sizes)) == 8
    assert sum(height < 64 and width < 32 for height, width in sizes) >= 2
    assert sum(height > 64 and width > 32 for height, width in sizes) >= 2
    assert (64, 32) in sizes
    again = check_images(Preprocess(64, 32))
    assert all(np.array_equal(one, two) for one, two in zip(found, again, strict=True))


def test_drawn_figures_have_many_levels_and_differ() -> None:
    figures = check_images(Preprocess(64, 32))
    assert all(len(np.unique(figure)) > 50 for figure in figures)
    means = [tuple(figure.mean((0, 1)).round(1)) for figure in figures]
    assert len(set(means)) == len(means)


def test_every_given_image_is_used_and_a_single_one_in_every_size() -> None:
    images = [np.full((10, 5, 3), level, np.uint8) for level in range(0, 220, 20)]
    found = check_images(Preprocess(64, 32), images)
    assert [int(image.max()) for image in found] == list(range(0, 220, 20))
    assert len({image.shape for image in check_images(Preprocess(64, 32), images[:1])}) == 8


def test_sizes_are_limited_for_encoders_of_large_images() -> None:
    shapes = [image.shape for image in check_images(Preprocess(1, 2048))]
    assert max(max(shape) for shape in shapes) == 4096
    assert min(min(shape) for shape in shapes) == 1


def test_a_check_passes_at_the_limit_and_fails_below_or_with_nan() -> None:
    sizes = ((64, 32), (128, 64))
    assert ExportCheck(sizes, (1.0, 0.9995), 0.9995).passed
    found = ExportCheck(sizes, (1.0, 0.9994), 0.9995)
    assert not found.passed
    assert str(found).startswith("smallest cosine 0.999400 at 128×64, over 2 images of 2 sizes")
    assert not ExportCheck(sizes, (1.0, float("nan")), 0.9995).passed
