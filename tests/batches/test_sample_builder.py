from dataclasses import replace

import numpy as np
import pytest
import torch
from small_synthetic_set import blocks
from torch.nn.functional import max_pool2d

from reid_align.batches.augmentation import NO_AUGMENT, OFFICIAL_AUGMENT, AugmentConfig
from reid_align.batches.batch import Batch, BatchSpec
from reid_align.batches.batch_loader import BatchLoader
from reid_align.batches.sample_builder import Sample, SampleBuilder
from reid_align.batches.samplers import RandomSampler
from reid_align.batches.sources import SyntheticSource, TextureInput, TrainingSource
from reid_align.errors import InvalidInputError
from reid_align.preprocess import Preprocess
from reid_align.uv import IUV, mirror_iuv, part_crops, part_images

SIZE = Preprocess(64, 32)
FLIP = AugmentConfig(crop=0.0, flip=1.0, erase=0.0)
EVERYTHING = BatchSpec("texture", "uv", iuv=True)


def sample(
    source: TrainingSource, spec: BatchSpec, augment: AugmentConfig, index: int = 2, seed: int = 0
) -> Sample:
    return SampleBuilder(source, spec, SIZE, augment, seed).build(index, epoch=0, position=index)


def planes(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image.copy()).permute(2, 0, 1)


def one_batch(
    source: TrainingSource, spec: BatchSpec, augment: AugmentConfig, **options: object
) -> Batch:
    loader = BatchLoader(source, spec, SIZE, augment, RandomSampler(12), 3, **options)
    return next(loader.epoch(0))


def test_no_augmentation_returns_the_source_data(source: SyntheticSource) -> None:
    made = sample(source, EVERYTHING, NO_AUGMENT)
    assert torch.equal(made.image, planes(source.image(2)))
    assert torch.equal(made.target, planes(source.texture(2)))
    assert torch.equal(made.iuv, source.iuv(2).planes)
    fill = tuple((torch.tensor(SIZE.mean) * 255).tolist())
    assert torch.equal(made.part_images, part_images(made.image, source.iuv(2), fill=fill))
    assert made.part_present


def test_flip_mirrors_targets_map_and_part_images(source: SyntheticSource) -> None:
    plain, flipped = sample(source, EVERYTHING, NO_AUGMENT), sample(source, EVERYTHING, FLIP)
    assert torch.equal(flipped.image, plain.image.flip(-1))
    assert torch.equal(flipped.target, plain.target.flip(-1))
    mirrored_map = mirror_iuv(source.iuv(2))
    assert torch.equal(flipped.iuv, mirrored_map.planes)
    # Recomputed from the mirrored image and its map.
    fill = tuple((torch.tensor(SIZE.mean) * 255).tolist())
    expected = part_images(plain.image.flip(-1), mirrored_map, fill=fill)
    assert torch.equal(flipped.part_images, expected)


def test_flip_mirrors_part_crops(source: SyntheticSource) -> None:
    spec = BatchSpec(part_images="crops")
    flipped = sample(source, spec, FLIP)
    mirrored, mirrored_map = planes(source.image(2)).flip(-1), mirror_iuv(source.iuv(2))
    torch.testing.assert_close(
        flipped.part_images, part_crops(mirrored, mirrored_map), rtol=0, atol=1e-3
    )


def test_flip_target_keep_mirrors_only_image_and_map(source: SyntheticSource) -> None:
    keep = AugmentConfig(crop=0.0, flip=1.0, flip_target="keep", erase=0.0)
    plain, kept = sample(source, EVERYTHING, NO_AUGMENT), sample(source, EVERYTHING, keep)
    assert torch.equal(kept.image, plain.image.flip(-1))
    assert torch.equal(kept.target, plain.target)
    assert torch.equal(kept.part_images, plain.part_images)
    assert torch.equal(kept.iuv, mirror_iuv(source.iuv(2)).planes)


class GrayImages(TextureInput):
    """Equal images from cameras 0 to 3; the camera of the last four is unknown."""

    def __init__(self) -> None:
        self.name, self.person_ids = "gray", np.arange(12)
        self.camera_ids = np.array([0, 1, 2, 3, 0, 1, 2, 3, -1, -1, -1, -1])

    def image(self, index: int) -> np.ndarray:
        return np.full((64, 32, 3), 100, np.uint8)


def test_images_of_a_camera_share_their_style_in_a_batch() -> None:
    augment = AugmentConfig(crop=0.0, flip=0.0, erase=0.0, jitter=1.0, tint=0.5, per_camera=True)

    def colors(batch: int, augment: AugmentConfig = augment) -> list[tuple[int, ...]]:
        builder = SampleBuilder(GrayImages(), BatchSpec(), SIZE, augment, 0)
        made = [builder.build(index, 0, index, batch).image for index in range(12)]
        return [tuple(image[:, 0, 0].tolist()) for image in made]

    first = colors(0)
    assert first[:4] == first[4:8]
    # Four cameras and four images of unknown cameras.
    assert len(set(first)) == 8
    assert colors(0) == first
    assert not set(first[:8]) & set(colors(1)[:8])
    assert len(set(colors(0, replace(augment, per_camera=False)))) == 12


@pytest.mark.parametrize("target", ["texture", "frontal"])
def test_crop_and_erasing_do_not_affect_targets_and_part_images(
    source: SyntheticSource, target: str
) -> None:
    spec = BatchSpec(target, "uv")
    cropped = AugmentConfig(partial=1.0, crop=1.0, enlarge=1.5, flip=0.0, erase=1.0)
    plain, varied = sample(source, spec, NO_AUGMENT), sample(source, spec, cropped)
    assert not torch.equal(varied.image, plain.image)
    assert torch.equal(varied.target, plain.target)
    assert torch.equal(varied.part_images, plain.part_images)


def test_input_target_is_cropped_and_flipped_but_not_erased(
    source: SyntheticSource,
) -> None:
    augment = AugmentConfig(crop=1.0, flip=1.0, erase=1.0)
    batch = one_batch(source, BatchSpec("input"), augment)
    expected = SIZE.normalize((batch.target + 1).mul(127.5).round().to(torch.uint8))
    erased = (batch.images == 0).all(1, keepdim=True)
    torch.testing.assert_close(batch.images, expected.masked_fill(erased, 0.0), rtol=0, atol=1e-5)
    assert 0.01 < erased.float().mean() < 0.5
    # The constants of the official code are not the mean, and reach only the image, too.
    batch = one_batch(source, BatchSpec("input"), OFFICIAL_AUGMENT)
    assert (batch.images == 0.485).any()
    assert not (batch.target == 0.485).any()


def test_color_changes_do_not_affect_the_target(source: SyntheticSource) -> None:
    jitter = AugmentConfig(crop=0.0, flip=0.0, erase=0.0, jitter=1.0)
    made = sample(source, BatchSpec("input"), jitter)
    assert torch.equal(made.target, planes(source.image(2)))
    assert not torch.equal(made.image, made.target)


def test_dense_pose_map_follows_crop_and_flip() -> None:
    """The image shows its part numbers; the map must match it after the transform."""

    class Painted(TextureInput):
        holds = frozenset({"iuv"})

        def __init__(self) -> None:
            parts = np.kron(np.arange(1, 17).reshape(4, 4), np.ones((32, 16))).astype(np.uint8)
            self._parts = np.stack((parts, parts * 0, parts * 0), 2)
            self.name, self.person_ids = "painted", np.zeros(1, np.int64)

        def image(self, index: int) -> np.ndarray:
            return self._parts * np.array([10, 0, 0], np.uint8)

        def iuv(self, index: int) -> IUV:
            return IUV(planes(self._parts))

    augment = AugmentConfig(partial=0.5, crop=0.7, enlarge=1.3, erase=0.0)
    builder = SampleBuilder(Painted(), BatchSpec(iuv=True), SIZE, augment, 0)
    flips = 0
    for position in range(40):
        made = builder.build(0, 0, position)
        shown = made.image[0].float() / 10
        # Away from part boundaries, resizing does not mix numbers.
        highest, lowest = (max_pool2d(sign * shown[None], 3, 1, 1)[0] for sign in (1, -1))
        inside = highest == -lowest
        assert inside.float().mean() > 0.4
        straight, swapped = made.iuv[0], mirror_iuv(IUV(made.iuv)).parts.flip(-1)
        agree = [bool((parts == shown)[inside].all()) for parts in (straight, swapped)]
        assert sum(agree) == 1
        flips += agree[1]
    assert 10 < flips < 30


def test_images_without_detection_have_zero_part_images(source: SyntheticSource) -> None:
    batch = one_batch(source, BatchSpec(part_images="uv", iuv=True), NO_AUGMENT)
    empty = (batch.iuv[:, 0] == 0).flatten(1).all(1)
    loader = BatchLoader(source, BatchSpec(part_images="uv"), SIZE, FLIP, RandomSampler(24), 0)
    whole = next(loader.epoch(0))
    assert torch.equal(batch.part_present, ~empty)
    assert whole.part_present.sum() == 23
    assert (whole.part_images[~whole.part_present] == 0).all()
    assert whole.part_images[whole.part_present].flatten(1).any(1).all()


def test_empty_cells_of_part_images_are_exactly_zero_for_any_mean(source: SyntheticSource) -> None:
    odd = Preprocess(64, 32, mean=(0.1, 0.7, 1 / 3), std=(0.3, 0.2, 0.1))
    loader = BatchLoader(source, BatchSpec(part_images="uv"), odd, NO_AUGMENT, RandomSampler(24), 0)
    batch = next(loader.epoch(0))
    parts_never_painted = [part - 1 for part in (2, 5, 6, 7, 8, 11)]
    assert (batch.part_images[:, parts_never_painted] == 0).all()


def test_part_images_are_neither_smoothed_nor_stretched(source: SyntheticSource) -> None:
    spec = BatchSpec(part_images="uv")
    plain, evened = (
        next(BatchLoader(source, spec, size, NO_AUGMENT, RandomSampler(24), 0).epoch(0))
        for size in (Preprocess(64, 32), Preprocess(64, 32, smoothing=1.0, stretch=0.1))
    )
    assert torch.equal(plain.part_images, evened.part_images)
    assert not torch.equal(plain.images, evened.images)


def enlarged(array: np.ndarray) -> np.ndarray:
    """Each pixel of (H, W, 3) repeated to 2×2."""
    return array.repeat(2, 0).repeat(2, 1)


class Stored(TextureInput):
    """A source with stored images or dense pose maps of twice the height and width."""

    def __init__(self, source: TrainingSource, larger: tuple[str, ...]) -> None:
        super().__init__(source)
        self.holds = source.holds
        self._original, self._larger = source, larger

    def image(self, index: int) -> np.ndarray:
        image = self._original.image(index)
        if "image" not in self._larger:
            return image
        # Another color in each of the four pixels.
        shades = np.array([[0, 9], [17, 30]], np.uint8)
        return enlarged(image // 2) + np.tile(shades, image.shape[:2])[..., None]

    def iuv(self, index: int) -> IUV:
        stored = self._original.iuv(index).planes.permute(1, 2, 0).numpy()
        return IUV(planes(enlarged(stored) if "iuv" in self._larger else stored))


def naive_part_images(image: np.ndarray, uv_map: np.ndarray) -> torch.Tensor:
    """Mean color of each cell, pixel by pixel; the map is read at the pixel's center."""
    fill = torch.tensor(SIZE.mean) * 255
    found: dict[tuple[int, int, int], list[np.ndarray]] = {}
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            map_row = int((row + 0.5) * uv_map.shape[0] / image.shape[0])
            map_column = int((column + 0.5) * uv_map.shape[1] / image.shape[1])
            part, u, v = (int(value) for value in uv_map[map_row, map_column])
            if part:
                cell = (part - 1, min(u * 32 // 255, 31), min(v * 32 // 255, 31))
                found.setdefault(cell, []).append(image[row, column])
    parts = fill.view(3, 1, 1).expand(24, 3, 32, 32).clone()
    for (part, row, column), colors in found.items():
        parts[part, :, row, column] = torch.tensor(np.mean(colors, 0, np.float64)).float()
    return parts


@pytest.mark.parametrize("larger", [(), ("image",), ("iuv",), ("image", "iuv")])
def test_part_images_are_sampled_from_the_stored_image(
    source: SyntheticSource, larger: tuple[str, ...]
) -> None:
    stored = Stored(source, larger)
    made = sample(stored, BatchSpec(part_images="uv"), NO_AUGMENT)
    uv_map = stored.iuv(2).planes.permute(1, 2, 0).numpy()
    expected = naive_part_images(stored.image(2), uv_map)
    torch.testing.assert_close(made.part_images, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("kind", ["uv", "crops"])
def test_part_images_do_not_depend_on_the_encoder_input_size(
    source: SyntheticSource, kind: str
) -> None:
    spec = BatchSpec(part_images=kind)
    made = [
        SampleBuilder(source, spec, Preprocess(*size), FLIP, 0).build(2, epoch=0, position=2)
        for size in ((64, 32), (16, 16), (128, 64))
    ]
    assert torch.equal(made[0].part_images, made[1].part_images)
    assert torch.equal(made[0].part_images, made[2].part_images)


def test_images_equal_inference_bit_for_bit(source: SyntheticSource) -> None:
    size = Preprocess(100, 44)
    loader = BatchLoader(source, BatchSpec(), size, NO_AUGMENT, RandomSampler(24), 0)
    batch = next(loader.epoch(0))
    expected = [planes(size.resize(source.image(int(i)))) for i in loader._drawn(0)[0]]
    assert torch.equal(batch.images, size.normalize(torch.stack(expected)))


def test_textures_are_resized_to_256_and_scaled_to_one(tmp_path: object) -> None:
    class Small(TextureInput):
        def __init__(self) -> None:
            self.name, self.holds = "small", frozenset({"texture"})
            self.person_ids = self.camera_ids = np.zeros(1, np.int64)
            self.texture_mask = None

        def image(self, index: int) -> np.ndarray:
            return blocks(0, 64, 32)

        def texture(self, index: int) -> np.ndarray:
            return np.stack(
                (np.zeros((64, 64)), np.full((64, 64), 255), np.full((64, 64), 51)), 2
            ).astype(np.uint8)

    loader = BatchLoader(Small(), BatchSpec("texture"), SIZE, NO_AUGMENT, RandomSampler(1), 0)
    target = next(loader.epoch(0)).target
    assert target.shape == (1, 3, 256, 256)
    torch.testing.assert_close(target[0, :, 7, 9], torch.tensor([-1.0, 1.0, -0.6]))


def test_mask_belongs_to_textures_only(source: SyntheticSource) -> None:
    assert torch.equal(
        one_batch(source, BatchSpec("texture"), NO_AUGMENT).target_mask,
        torch.from_numpy(source.texture_mask),
    )
    assert one_batch(source, BatchSpec("frontal"), NO_AUGMENT).target_mask is None


def test_content_outside_the_spec_is_none(source: SyntheticSource) -> None:
    batch = one_batch(source, BatchSpec(), AugmentConfig())
    absent = (batch.target, batch.target_mask, batch.part_images, batch.part_present, batch.iuv)
    assert absent == (None,) * 5
    only_map = one_batch(source, BatchSpec(iuv=True), NO_AUGMENT)
    assert only_map.part_present is None
    assert only_map.iuv.dtype == torch.uint8


@pytest.mark.parametrize(
    ("spec", "lacking"),
    [
        (BatchSpec("external"), "external"),
        (BatchSpec(part_images="uv"), "iuv"),
        (BatchSpec(iuv=True), "iuv"),
    ],
)
def test_source_without_required_companions_is_refused(
    source: SyntheticSource, spec: BatchSpec, lacking: str
) -> None:
    with pytest.raises(InvalidInputError, match=f"training needs {lacking} data for every image"):
        SampleBuilder(TextureInput(source), spec, SIZE, NO_AUGMENT, 0)


def test_texture_input_is_flipped_like_images(source: SyntheticSource) -> None:
    made = sample(TextureInput(source), BatchSpec(), FLIP)
    texture = source.texture(2)
    assert torch.equal(made.image, planes(SIZE.resize(texture)[:, ::-1]))
