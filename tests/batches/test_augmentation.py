import numpy as np
import pytest
import torch

from reid_align.batches.augmentation import (
    MODERN_AUGMENT,
    NO_AUGMENT,
    OFFICIAL_AUGMENT,
    SAN_PG_AUGMENT,
    AugmentConfig,
)
from reid_align.batches.camera_style import draw_style
from reid_align.batches.random_erasing import NOTHING_ERASED, ErasedBox, draw_erased_box, erase
from reid_align.batches.spatial_transform import SpatialTransform, draw_transform
from reid_align.errors import InvalidInputError
from reid_align.preprocess import Preprocess

SIZE = Preprocess(64, 32)


def change_colors(
    image: torch.Tensor, config: AugmentConfig, rng: np.random.Generator
) -> torch.Tensor:
    return draw_style(config, rng).apply(image, rng)


def rngs(count: int) -> list[np.random.Generator]:
    return [np.random.default_rng(number) for number in range(count)]


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("flip", 1.5, "0 to 1"),
        ("partial", -0.1, "0 to 1"),
        ("brightness", 1.0, "below 1"),
        ("tint", 1.0, "below 1"),
        ("gamma", -0.1, "below 1"),
        ("sharpen", 2.0, "0 to 1"),
        ("noise", -1.0, "0 to 1"),
        ("enlarge", 0.9, "1 to 4"),
        ("erase_area", (0.4, 0.2), "increasing numbers between 0 and 1"),
        ("erase_area", (0.1, 1.0), "increasing numbers between 0 and 1"),
        ("erase_aspect", (0.0, 1.0), "increasing positive"),
        ("flip_target", "flip", "mirror or keep"),
        ("erase_fill", "gray", "mean or official"),
        ("crop", float("nan"), "0 to 1"),
    ],
)
def test_settings_out_of_range_are_refused(name: str, value: object, allowed: str) -> None:
    with pytest.raises(InvalidInputError, match=rf"{name} .*: give .*{allowed}"):
        AugmentConfig(**{name: value})


def test_presets_differ_where_they_should() -> None:
    assert (OFFICIAL_AUGMENT.flip_target, OFFICIAL_AUGMENT.erase_fill) == ("keep", "official")
    assert SAN_PG_AUGMENT.flip == 0
    assert SAN_PG_AUGMENT.changes_colors
    assert MODERN_AUGMENT.changes_colors
    assert not AugmentConfig().changes_colors


def test_no_augmentation_equals_inference_resize() -> None:
    image = np.random.default_rng(0).integers(0, 256, (128, 48, 3), np.uint8)
    for rng in rngs(20):
        transform = draw_transform(NO_AUGMENT, SIZE, rng)
        assert np.array_equal(transform.apply(image, SIZE), SIZE.resize(image))
        assert draw_erased_box(NO_AUGMENT, 64, 32, rng) == NOTHING_ERASED


def test_crop_position_is_uniform_with_the_crop_probability() -> None:
    drawn = [draw_transform(AugmentConfig(), SIZE, rng) for rng in rngs(2000)]
    cropped = [transform for transform in drawn if transform.enlarged == (72, 36)]
    assert abs(len(cropped) / 2000 - 0.5) < 0.05
    assert {transform.corner[0] for transform in cropped} == set(range(9))
    assert {transform.corner[1] for transform in cropped} == set(range(5))
    assert {g.corner for g in drawn if g.enlarged == (64, 32)} == {(0, 0)}
    assert abs(np.mean([transform.flip for transform in drawn]) - 0.5) < 0.05


def test_crop_is_taken_before_the_flip() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 20, 3), np.uint8)
    whole = Preprocess(72, 36).resize(image)
    transform = SpatialTransform((0.0, 0.0, 1.0, 1.0), (72, 36), (3, 1), flip=True)
    assert np.array_equal(transform.apply(image, SIZE), whole[3:67, 1:33][:, ::-1])


def test_partial_images_have_the_documented_extent() -> None:
    config = AugmentConfig(partial=1.0, crop=0.0, flip=0.0)
    pieces = np.array([draw_transform(config, SIZE, rng).piece for rng in rngs(500)])
    top, left, height, width = pieces.T
    assert 0.5 <= height.min() < 0.52 < 0.98 < height.max() <= 1
    assert 0.7 <= width.min() < 0.72 < 0.98 < width.max() <= 1
    assert ((top >= 0) & (top + height <= 1) & (left >= 0) & (left + width <= 1)).all()
    # Pixel values are row numbers, which shows the rows that were used.
    rows = np.arange(100, dtype=np.uint8)[:, None, None].repeat(50, 1).repeat(3, 2)
    transform = SpatialTransform((0.2, 0.1, 0.5, 0.8), (64, 32), (0, 0), flip=False)
    taken = transform.apply(rows, SIZE)
    assert (taken.min(), taken.max()) == (20, 69)


def test_transform_of_a_one_pixel_image() -> None:
    transform = SpatialTransform((0.4, 0.2, 0.5, 0.7), (64, 32), (0, 0), flip=False)
    assert transform.apply(np.full((1, 1, 3), 9, np.uint8), SIZE).shape == (64, 32, 3)


def test_erased_rectangles_have_the_stated_areas_and_aspects() -> None:
    boxes = [draw_erased_box(AugmentConfig(), 256, 128, rng) for rng in rngs(3000)]
    erased = np.array([box for box in boxes if box != NOTHING_ERASED])
    assert abs(len(erased) / 3000 - 0.5) < 0.04
    top, left, height, width = erased.T
    share = height * width / (256 * 128)
    assert 0.018 < share.min() < 0.03
    assert 0.35 < share.max() < 0.41
    assert 0.27 < (height / width).min() < 0.4
    assert 3 < (height / width).max() < 3.6
    assert ((top >= 0) & (left >= 0) & (top + height <= 256) & (left + width <= 128)).all()
    assert (top + height == 256).any()


def test_no_erasing_if_no_rectangle_fits() -> None:
    config = AugmentConfig(erase=1.0, erase_area=(0.5, 0.5), erase_aspect=(50.0, 50.0))
    assert draw_erased_box(config, 64, 32, np.random.default_rng(0)) == NOTHING_ERASED


@pytest.mark.parametrize(
    ("fill", "color"), [("mean", (0.0, 0.0, 0.0)), ("official", (0.485, 0.456, 0.406))]
)
def test_erasing_fills_only_its_rectangle(fill: str, color: tuple) -> None:
    images = torch.full((2, 3, 8, 4), 7.0)
    erase(images, [ErasedBox(2, 1, 3, 2), NOTHING_ERASED], fill)
    assert (images[1] == 7).all()
    inside = images[0, :, 2:5, 1:3]
    assert torch.equal(inside, torch.tensor(color).view(3, 1, 1).expand(3, 3, 2))
    assert (images[0] == 7).sum() == 3 * (32 - 6)


def colors(config: AugmentConfig, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    image = torch.randint(0, 256, (3, 16, 8), dtype=torch.uint8)
    return image, change_colors(image, config, np.random.default_rng(seed))


def test_colors_change_only_if_enabled() -> None:
    image, same = colors(AugmentConfig())
    assert same is image
    image, other = colors(AugmentConfig(jitter=1.0))
    assert other.dtype == torch.uint8
    assert other.shape == image.shape
    assert not torch.equal(other, image)
    _, gray = colors(AugmentConfig(grayscale=1.0))
    assert torch.equal(gray[0], gray[1])
    assert torch.equal(gray[0], gray[2])
    pairs = [colors(AugmentConfig(blur=1.0), seed) for seed in range(9)]
    assert sum(b.float().std() < i.float().std() for i, b in pairs) >= 7


def test_jitter_of_brightness_stays_within_its_strength() -> None:
    config = AugmentConfig(jitter=1.0, brightness=0.2, contrast=0.0, saturation=0.0)
    gray = torch.full((3, 4, 4), 100, dtype=torch.uint8)
    values = [int(change_colors(gray, config, rng)[0, 0, 0]) for rng in rngs(300)]
    assert 79 <= min(values) < 83
    assert 117 < max(values) <= 120


def test_tint_scales_channels_independently() -> None:
    gray = torch.full((3, 4, 4), 100, dtype=torch.uint8)
    config = AugmentConfig(jitter=1.0, brightness=0.0, contrast=0.0, saturation=0.0, tint=0.2)
    tinted = torch.stack([change_colors(gray, config, rng) for rng in rngs(300)])
    assert torch.equal(tinted, tinted[..., :1, :1].expand_as(tinted))
    values = tinted[..., 0, 0].float()
    assert 80 <= values.min() < 83
    assert 117 < values.max() <= 120
    assert not torch.corrcoef(values.T).fill_diagonal_(0).abs().max() > 0.2


def test_gamma_keeps_black_and_white() -> None:
    ramp = torch.tensor([0, 64, 255], dtype=torch.uint8).expand(3, 1, 3)
    config = AugmentConfig(jitter=1.0, brightness=0.0, contrast=0.0, saturation=0.0, gamma=0.5)
    bent = torch.stack([change_colors(ramp, config, rng)[0, 0] for rng in rngs(300)]).double()
    assert bent[:, 0].eq(0).all()
    assert bent[:, 2].eq(255).all()
    exponents = (bent[:, 1] / 255).log() / torch.tensor(64 / 255).log()
    assert exponents.min() == pytest.approx(1 / 1.5, abs=0.03)
    assert exponents.max() == pytest.approx(1.5, abs=0.03)


def test_sharpening_changes_edges_and_keeps_flat_regions() -> None:
    config = AugmentConfig(sharpen=1.0)
    edge = torch.full((3, 16, 16), 60, dtype=torch.uint8)
    edge[:, :, 8:] = 190
    sharpened = torch.stack([change_colors(edge, config, rng) for rng in rngs(50)]).float()
    assert (sharpened[..., 7] <= 60).all()
    assert (sharpened[..., 8] >= 190).all()
    assert (sharpened[..., 8] - sharpened[..., 7]).mean() > 160
    assert (sharpened[..., 0] == 60).all()


def test_noise_is_gaussian_with_up_to_fifteen_levels() -> None:
    gray = torch.full((3, 64, 64), 128, dtype=torch.uint8)
    config = AugmentConfig(noise=1.0)
    noisy = torch.stack([change_colors(gray, config, rng) for rng in rngs(200)]).double()
    assert noisy.mean() == pytest.approx(128, abs=0.1)
    spread = noisy.flatten(1).std(1)
    assert spread.min() < 1
    assert 14 < spread.max() < 15.5


def test_compression_removes_detail_and_keeps_the_size() -> None:
    config = AugmentConfig(compress=1.0)
    gray = np.random.default_rng(0).integers(0, 256, (1, 40, 24), np.uint8)
    image = torch.from_numpy(gray).repeat(3, 1, 1)
    stored = [change_colors(image, config, rng) for rng in rngs(30)]
    assert {(tuple(one.shape), one.dtype) for one in stored} == {((3, 40, 24), torch.uint8)}
    errors = torch.stack([(one.float() - image).abs().mean() for one in stored])
    # The finest detail of noise goes first, the more the lower the quality.
    assert errors.min() > 2
    assert errors.max() > 5 * errors.min()
    plain = torch.full((3, 16, 16), 90, dtype=torch.uint8)
    assert all((change_colors(plain, config, rng).int() - 90).abs().max() <= 4 for rng in rngs(9))


def test_half_of_the_compressed_images_are_sharpened_first() -> None:
    config = AugmentConfig(compress=1.0)
    edge = torch.full((3, 16, 16), 60, dtype=torch.uint8)
    edge[:, :, 8:] = 190
    stored = torch.stack([change_colors(edge, config, rng) for rng in rngs(200)]).float()
    # The edge is at a JPEG block boundary, which preserves it.
    overshoot = stored[:, :, :, 8].mean((1, 2)) - 190
    assert 0.3 < (overshoot > 8).float().mean() < 0.6
