"""Features of boxes in a frame: order, clipping, unusable boxes and errors."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lively_encoders import tiny_encoder
from PIL import Image

from reid_align import Encoder, ExtractOptions, FeatureExtractor, extract_features
from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.features import FailedBox

FRAME = np.random.default_rng(0).integers(0, 256, (72, 96, 3), dtype=np.uint8)
BOXES = np.array([[40, 10, 60, 50], [0, 0, 96, 72], [5, 5, 25, 45]])


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return tiny_encoder()


@pytest.fixture(scope="module")
def extractor(encoder: Encoder) -> FeatureExtractor:
    return FeatureExtractor(encoder, channel_order="rgb")


def test_boxes_give_the_features_of_their_crops_in_order(
    encoder: Encoder, extractor: FeatureExtractor
) -> None:
    crops = [FRAME[top:bottom, left:right] for left, top, right, bottom in BOXES]
    expected = extract_features(crops, encoder, channel_order="rgb")
    found = extractor.crops(FRAME, BOXES)
    np.testing.assert_allclose(found.values, expected.values, atol=1e-6)
    assert found.paths == ("box[0]", "box[1]", "box[2]")
    assert (found.failed, found.digest) == ((), expected.digest)
    assert len({tuple(row) for row in found.values.round(4)}) == 3


@pytest.mark.parametrize("num_workers", [0, 1, 2])
def test_the_channel_order_is_stated_once(encoder: Encoder, num_workers: int) -> None:
    options = ExtractOptions(num_workers=num_workers, batch_size=2)
    rgb = FeatureExtractor(encoder, options, channel_order="rgb")
    bgr = FeatureExtractor(encoder, options, channel_order="bgr")
    turned = np.ascontiguousarray(FRAME[..., ::-1])
    expected = rgb.crops(FRAME, BOXES).values
    np.testing.assert_array_equal(bgr.crops(turned, BOXES).values, expected)
    assert not np.allclose(bgr.crops(FRAME, BOXES).values, expected, atol=1e-3)
    np.testing.assert_array_equal(bgr(turned).values, rgb(FRAME).values)
    np.testing.assert_array_equal(bgr(FRAME, "rgb").values, rgb(FRAME).values)
    unstated = FeatureExtractor(encoder, options)
    with pytest.raises(InvalidInputError, match=r"frame is an array.*channel_order='rgb'"):
        unstated.crops(FRAME, BOXES)
    with pytest.raises(InvalidInputError, match="is an array"):
        unstated(FRAME)
    with pytest.raises(InvalidInputError, match="channel_order 'BGR'"):
        FeatureExtractor(encoder, options, channel_order="BGR")


def test_a_frame_can_be_a_file_an_image_or_a_tensor(
    encoder: Encoder, extractor: FeatureExtractor, tmp_path: Path
) -> None:
    expected = extractor.crops(FRAME, BOXES).values
    Image.fromarray(FRAME).save(tmp_path / "frame.png")
    tensor = torch.from_numpy(FRAME).permute(2, 0, 1)
    for channel_order in (None, "bgr"):
        other = FeatureExtractor(encoder, channel_order=channel_order)
        for frame in (tmp_path / "frame.png", Image.fromarray(FRAME), tensor):
            np.testing.assert_array_equal(other.crops(frame, BOXES).values, expected)


def test_boxes_can_be_lists_tensors_and_detections(extractor: FeatureExtractor) -> None:
    expected = extractor.crops(FRAME, BOXES).values
    for boxes in (
        BOXES.tolist(),
        BOXES.astype(np.float32),
        torch.from_numpy(BOXES),
        SimpleNamespace(xyxy=BOXES, confidence=None),
        SimpleNamespace(xyxy=torch.from_numpy(BOXES)),
    ):
        np.testing.assert_array_equal(extractor.crops(FRAME, boxes).values, expected)


def test_boxes_are_clipped_and_cover_whole_pixels(extractor: FeatureExtractor) -> None:
    boxes = [[-1e30, -5, 20, 30], [80.5, 60.2, 300, 1e30], [10.2, 10.9, 10.3, 11.1]]
    whole = [[0, 0, 20, 30], [80, 60, 96, 72], [10, 10, 11, 12]]
    found = extractor.crops(FRAME, boxes)
    assert not found.failed
    np.testing.assert_array_equal(found.values, extractor.crops(FRAME, whole).values)


@pytest.mark.parametrize("on_error", ["fail", "skip"])
def test_unusable_boxes_keep_their_rows(encoder: Encoder, on_error: str) -> None:
    options = ExtractOptions(batch_size=2, on_error=on_error)
    extractor = FeatureExtractor(encoder, options, channel_order="rgb")
    nan, inf = float("nan"), float("inf")
    unusable = {
        0: ([nan, 0, 5, 5], "not finite"),
        2: ([0, 0, inf, 5], "not finite"),
        3: ([9, 9, 9, 20], "is empty"),
        4: ([20, 20, 10, 40], "left must be below right"),
        6: ([96, 0, 120, 20], "outside the frame of 96 x 72 pixels"),
        7: ([-9, -9, 0, 20], "outside the frame"),
    }
    boxes = np.zeros((9, 4))
    usable = [1, 5, 8]
    boxes[usable] = BOXES
    for index, (box, _) in unusable.items():
        boxes[index] = box
    found = extractor.crops(FRAME, boxes)
    assert found.values.shape == (9, 16)
    assert found.values.dtype == np.float32
    np.testing.assert_array_equal(found.values[usable], extractor.crops(FRAME, BOXES).values)
    assert np.isnan(found.values[list(unusable)]).all()
    for failure, (index, (_, reason)) in zip(found.failed, unusable.items(), strict=True):
        assert isinstance(failure, FailedBox)
        assert (failure.index, failure.path) == (index, f"box[{index}]")
        assert reason in failure.error
    none = extractor.crops(FRAME, boxes[list(unusable)])
    assert np.isnan(none.values).all()


@pytest.mark.parametrize("boxes", [[], np.empty((0, 4)), torch.empty(0, 4), np.empty((0, 0))])
def test_no_boxes_give_an_empty_matrix(extractor: FeatureExtractor, boxes: object) -> None:
    found = extractor.crops(FRAME, boxes)
    assert (found.values.shape, found.values.dtype) == ((0, 16), np.float32)
    assert (found.paths, found.failed) == ((), ())


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (None, "frame is None, not an image"),
        (FRAME[..., 0], r"frame is an array of shape \(72, 96\)"),
        (FRAME / 255, "dtype float64. Give uint8"),
        (np.dstack([FRAME, FRAME[..., :1]]), r"\(72, 96, 4\)"),
        (FRAME[None], r"\(1, 72, 96, 3\)"),
        (FRAME[:0], "frame has no pixels"),
        ([FRAME], "frame is of type list"),
    ],
)
def test_invalid_frames_are_refused(
    extractor: FeatureExtractor, frame: object, message: str
) -> None:
    for boxes in (BOXES, []):
        with pytest.raises(InvalidInputError, match=message):
            extractor.crops(frame, boxes)


def test_a_missing_file_of_a_frame_is_named(extractor: FeatureExtractor) -> None:
    with pytest.raises(ImageReadError, match=r"000001\.jpg"):
        extractor.crops("img1/000001.jpg", BOXES)


@pytest.mark.parametrize(
    "boxes",
    [
        None,
        5,
        "box",
        [1, 2, 3, 4],
        [[1, 2, 3]],
        [[1, 2, 3, 4, 0.9]],
        [[1, 2, 3, 4], [1, 2]],
        [["a", "b", "c", "d"]],
        np.zeros((2, 4), bool),
        np.zeros((2, 4), complex),
        np.zeros((0, 5)),
        np.zeros((1, 2, 4)),
        SimpleNamespace(xyxy=None),
    ],
)
def test_invalid_boxes_are_refused(extractor: FeatureExtractor, boxes: object) -> None:
    with pytest.raises(InvalidInputError, match="boxes"):
        extractor.crops(FRAME, boxes)


def test_the_buffer_of_a_frame_can_be_reused(extractor: FeatureExtractor) -> None:
    frame = FRAME.copy()
    found = extractor.crops(frame, BOXES)
    frame[:] = 0
    np.testing.assert_array_equal(found.values, extractor.crops(FRAME, BOXES).values)
    assert not frame.any()
