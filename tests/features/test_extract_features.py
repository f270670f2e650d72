"""Feature extraction in memory: inputs, order, options and errors."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align import (
    ExtractOptions,
    FeatureExtractor,
    Features,
    extract_features,
    san_resnet50,
)
from reid_align.errors import ImageReadError, InvalidInputError, NoImagesError, UnknownNameError
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess

RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    encoder = san_resnet50()
    encoder.preprocess = Preprocess(64, 32)
    return encoder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven images of different sizes in two sub-folders."""
    folder = tmp_path_factory.mktemp("images")
    for index in range(11):
        place = folder / f"camera{index % 2}"
        place.mkdir(exist_ok=True)
        pixels = RANDOM.integers(0, 256, (50 + index, 30 + index, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{index:03}.png")
    return folder


def test_a_folder_gives_one_row_per_image_in_sorted_order(encoder: Encoder, folder: Path) -> None:
    features = extract_features(folder, encoder, batch_size=4)
    assert features.paths == tuple(sorted(str(path) for path in folder.rglob("*.png")))
    assert features.values.shape == (11, 2048)
    assert features.values.dtype == np.float32
    assert not features.failed
    for row, path in enumerate(features.paths):
        alone = extract_features(path, encoder)
        np.testing.assert_allclose(alone.values[0], features.values[row], atol=1e-6)


@pytest.mark.parametrize("num_workers", [0, 1, 3])
def test_an_extractor_gives_the_same_features_call_after_call(
    encoder: Encoder, folder: Path, num_workers: int
) -> None:
    extractor = FeatureExtractor(encoder, ExtractOptions(num_workers=num_workers, batch_size=4))
    expected = extract_features(folder, encoder)
    for _ in range(2):
        found = extractor(folder)
        assert found.paths == expected.paths
        np.testing.assert_allclose(found.values, expected.values, atol=1e-6)
    frame = np.asarray(Image.open(expected.paths[0]))
    alone = extractor(frame[..., ::-1], "bgr")
    assert alone.paths == ("input[0]",)
    np.testing.assert_allclose(alone.values, expected.values[:1], atol=1e-6)


def test_an_extractor_keeps_its_weights(folder: Path) -> None:
    torch.manual_seed(1)
    changed = san_resnet50()
    changed.preprocess = Preprocess(64, 32)
    extractor = FeatureExtractor(changed)
    before = extractor(folder).values
    with torch.no_grad():
        changed.conv1.weight.mul_(-1)
    assert np.array_equal(extractor(folder).values, before)
    assert not np.allclose(extract_features(folder, changed).values, before, atol=1e-3)


def test_threads_can_share_an_extractor(encoder: Encoder, folder: Path) -> None:
    extractor = FeatureExtractor(encoder)
    expected = extractor(folder).values
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(extractor, [folder] * 8):
            np.testing.assert_allclose(found.values, expected, atol=1e-6)


@pytest.mark.parametrize("num_workers", [0, 1, 5])
@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_neither_threads_nor_batches_change_the_features(
    encoder: Encoder, folder: Path, num_workers: int, batch_size: int
) -> None:
    expected = extract_features(folder, encoder, batch_size=11, num_workers=0)
    features = extract_features(folder, encoder, batch_size=batch_size, num_workers=num_workers)
    assert features.paths == expected.paths
    np.testing.assert_allclose(features.values, expected.values, atol=1e-6)


def test_the_same_image_has_the_same_features_in_every_form(encoder: Encoder, folder: Path) -> None:
    path = folder / "camera0" / "000.png"
    image = Image.open(path)
    rgb = np.asarray(image)
    chw = torch.from_numpy(rgb.copy()).permute(2, 0, 1)
    expected = extract_features(str(path), encoder).values
    for item, channel_order in [
        (path, None),
        (image, None),
        (rgb, "rgb"),
        (rgb[..., ::-1], "bgr"),
        (rgb[None], "rgb"),
        (chw, None),
        (chw[None], None),
        (chw / 255, None),
        ((chw / 255).to(torch.float64), None),
        ([path], None),
        ((p for p in [image]), None),
    ]:
        features = extract_features(item, encoder, channel_order=channel_order)
        assert np.array_equal(features.values, expected)


def test_kinds_can_be_mixed_and_every_image_has_a_name(encoder: Encoder, folder: Path) -> None:
    path = folder / "camera0" / "000.png"
    mixed = [path, Image.open(path), np.zeros((2, 9, 9, 3), np.uint8), str(path)]
    features = extract_features(mixed, encoder, channel_order="bgr")
    assert features.paths == (str(path), "input[1]", "input[2]", "input[3]", str(path))
    assert np.array_equal(features.values[0], features.values[4])


def test_a_generator_is_read_only_a_little_ahead(encoder: Encoder) -> None:
    drawn = 0

    def endless() -> Iterator[np.ndarray]:
        nonlocal drawn
        while True:
            drawn += 1
            if drawn > 60:
                raise RuntimeError("read too far ahead")
            yield np.full((8, 8, 3), drawn, np.uint8) if drawn < 30 else "missing.jpg"

    with pytest.raises(ImageReadError, match=r"missing\.jpg"):
        extract_features(endless(), encoder, channel_order="rgb", batch_size=4, num_workers=2)


def test_a_buffer_can_be_reused_immediately(encoder: Encoder) -> None:
    shades = range(0, 240, 10)
    frames = [np.full((8, 8, 3), shade, np.uint8) for shade in shades]
    expected = extract_features(frames, encoder, channel_order="rgb", batch_size=2).values
    array, tensor = np.empty((8, 8, 3), np.uint8), torch.empty(3, 8, 8, dtype=torch.uint8)

    def arrays() -> Iterator[np.ndarray]:
        for shade in shades:
            array[:] = shade
            yield array

    def tensors() -> Iterator[torch.Tensor]:
        for shade in shades:
            yield tensor.fill_(shade)

    def images() -> Iterator[Image.Image]:
        for frame in frames:
            with Image.fromarray(frame) as image:
                yield image

    for reused in (arrays(), tensors(), images()):
        features = extract_features(reused, encoder, channel_order="rgb", batch_size=2)
        np.testing.assert_allclose(features.values, expected, atol=1e-6)


def test_a_broken_image_in_memory_is_skipped_like_a_file(encoder: Encoder, folder: Path) -> None:
    with Image.open(folder / "camera0" / "000.png") as closed:
        pass
    features = extract_features([closed, str(folder)], encoder, on_error="skip")
    assert len(features.values) == 11
    assert [failure.path for failure in features.failed] == ["input[0]"]


def test_no_images_give_an_empty_matrix(encoder: Encoder) -> None:
    features = extract_features([], encoder)
    assert features.values.shape == (0, 2048)
    assert features.paths == ()


def test_a_broken_file_is_named_or_skipped_and_listed(encoder: Encoder, folder: Path) -> None:
    good = str(folder / "camera0" / "000.png")
    with pytest.raises(ImageReadError, match=r"gone\.png"):
        extract_features([good, "gone.png", good], encoder)
    features = extract_features([good, "gone.png", good], encoder, on_error="skip")
    assert features.paths == (good, good)
    assert [failure.path for failure in features.failed] == ["gone.png"]
    assert features.failed[0].error
    all_bad = extract_features(["a.png", "b.png"], encoder, on_error="skip")
    assert all_bad.values.shape == (0, 2048)
    assert [failure.path for failure in all_bad.failed] == ["a.png", "b.png"]


def test_a_missing_path_is_an_error(encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(NoImagesError):
        extract_features(tmp_path / "missing", encoder)
    with pytest.raises(NoImagesError):
        extract_features(tmp_path, encoder, on_error="skip")


@pytest.mark.parametrize(
    ("item", "channel_order", "message"),
    [
        (np.zeros((4, 4, 3), np.uint8), None, "channel_order='rgb'"),
        (np.zeros((4, 4, 3), np.uint8), "RGB", "channel_order='rgb'"),
        (np.zeros((4, 4, 3), np.float32), "rgb", "dtype float32. Give uint8"),
        (np.zeros((3, 4, 4), np.uint8), "rgb", r"\(3, 4, 4\)"),
        (np.zeros((4, 4), np.uint8), "rgb", r"\(4, 4\)"),
        (np.zeros((0, 4, 3), np.uint8), "rgb", "has no pixels"),
        (torch.zeros(4, 4, 3), None, r"\(3, H, W\)"),
        (torch.zeros(3, 0, 4), None, r"\(3, H, W\)"),
        (torch.full((3, 4, 4), 2.0), None, "values from 2 to 2"),
        (torch.full((3, 4, 4), float("nan")), None, "values from nan"),
        (-torch.ones(3, 4, 4), None, "values from -1 to -1"),
        (torch.zeros(3, 4, 4, dtype=torch.int64), None, "torch.int64"),
        ([b"bytes"], None, "of type bytes"),
        ([None], None, "None, not an image"),
    ],
)
def test_invalid_images_are_refused(
    encoder: Encoder, item: object, channel_order: str | None, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        extract_features(item, encoder, channel_order=channel_order)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"batch_size": 0}, InvalidInputError, "batch_size 0"),
        ({"num_workers": -1}, InvalidInputError, "num_workers -1"),
        ({"batch_size": 2.5}, InvalidInputError, r"batch_size 2\.5"),
        ({"num_workers": "2"}, InvalidInputError, "num_workers '2'"),
        ({"dtype": torch.float32}, UnknownNameError, "Known: bfloat16, float16, float32"),
        ({"dtype": "int8"}, UnknownNameError, "dtype 'int8'"),
        ({"on_error": "ignore"}, UnknownNameError, "Known: fail, skip"),
        ({"device": "gpu"}, InvalidInputError, "Device 'gpu'"),
    ],
)
def test_invalid_options_are_refused(
    encoder: Encoder, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        extract_features([], encoder, **options)


def test_a_device_can_be_an_object(encoder: Encoder) -> None:
    assert extract_features([], encoder, device=torch.device("cpu")).values.shape == (0, 2048)


def test_wrong_types_of_encoder_and_inputs_are_refused(encoder: Encoder) -> None:
    for other in ("san_resnet50", None, torch.nn.Linear(2, 2)):
        with pytest.raises(InvalidInputError, match="Pass an Encoder"):
            extract_features([], other)
    for inputs in (5, None):
        with pytest.raises(InvalidInputError, match="Give a path, an image"):
            extract_features(inputs, encoder)


def test_a_matrix_needs_one_row_per_name() -> None:
    with pytest.raises(InvalidInputError, match="one row for each"):
        Features(np.zeros((2, 4), np.float32), ("a",))
