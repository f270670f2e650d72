"""Mean features of tracks, and the quality of boxes."""

from types import SimpleNamespace

import numpy as np
import pytest

from reid_align import Features
from reid_align.errors import InvalidInputError, MixedFeaturesError
from reid_align.features import TrackFeatures, box_quality

SIZE = (100, 200)


def unit(*angles: float) -> np.ndarray:
    return np.array([(np.cos(a), np.sin(a)) for a in angles], np.float32)


def test_a_track_has_the_weighted_mean_of_its_boxes_scaled_to_length_one() -> None:
    tracks = TrackFeatures()
    tracks.add([3, 1], unit(0.0, 1.0), [1.0, 0.5])
    tracks.add([3, "b"], unit(1.2, 2.0), np.array([3.0, 1.0]))
    found = tracks.features()
    assert found.paths == ("3", "1", "b")
    expected = unit(0.0)[0] + 3 * unit(1.2)[0]
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(found.values, [expected, *unit(1.0, 2.0)], atol=1e-6)
    assert found.values.dtype == np.float32


def test_unusable_boxes_and_boxes_without_a_track_are_left_out() -> None:
    tracks = TrackFeatures()
    values = unit(0.1, 0.2, 0.3, 0.4, 0.5)
    values[1] = np.nan
    tracks.add(np.array([1, 1, 2, -1, 1]), values, [1, 1, 0, 1, 0])
    tracks.add([None, np.int64(-1), float("nan")], unit(0, 0, 0))
    found = tracks.features()
    assert found.paths == ("1",)
    np.testing.assert_allclose(found.values, unit(0.1), atol=1e-6)


def test_no_boxes_give_no_tracks() -> None:
    tracks = TrackFeatures()
    assert tracks.features().values.shape == (0, 0)
    tracks.add([], np.empty((0, 8), np.float32))
    assert tracks.features().values.shape == (0, 8)


@pytest.mark.parametrize(
    ("ids", "values", "quality", "message"),
    [
        ([1], unit(0, 1), None, "1 track ids, features of shape"),
        ([1, 2], unit(0, 1), [1.0], "give one row and one number"),
        ([1], unit(0)[0], None, "give one row"),
        ([1], unit(0), [-1.0], "below 0 or not finite"),
        ([1], unit(0), [np.nan], "below 0 or not finite"),
        ([1], np.ones((1, 3), np.float32), None, "have 3 dimensions, those before had 2"),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    ids: list[int], values: np.ndarray, quality: list[float] | None, message: str
) -> None:
    tracks = TrackFeatures()
    tracks.add([7], unit(0.0))
    with pytest.raises(InvalidInputError, match=message):
        tracks.add(ids, values, quality)
    assert tracks.features().paths == ("7",)


def test_features_of_another_encoder_are_refused() -> None:
    tracks = TrackFeatures()
    tracks.add([1], Features(unit(0), ("box[0]",), digest="weights:a"))
    with pytest.raises(MixedFeaturesError, match="differ in weights"):
        tracks.add([1], Features(unit(0), ("box[0]",), digest="weights:b"))
    assert tracks.features().digest == "weights:a"


def test_quality_is_confidence_inside_uncovered_and_detail() -> None:
    boxes = [
        [10, 10, 50, 90],  # 80 pixels high
        [-20, 10, 20, 90],  # half outside; covers a quarter of the first box
        [150, 10, 190, 80],
        [150, 40, 190, 90],  # nearer: covers 40 of 70 rows of the one before
    ]
    confidence = np.array([1.0, 0.5, 1.0, 1.0])
    expected = [80 / 128, 0.5 * 0.5 * 80 / 128, (1 - 40 / 70) * 70 / 128, 50 / 128]
    np.testing.assert_allclose(box_quality(boxes, SIZE, confidence), expected)
    detections = SimpleNamespace(xyxy=np.array(boxes), confidence=confidence)
    np.testing.assert_allclose(box_quality(detections, SIZE), expected)
    np.testing.assert_allclose(box_quality(boxes, SIZE)[1], 0.5 * 80 / 128)


def test_the_nearer_box_is_the_one_that_ends_lower() -> None:
    far, near = [10, 10, 50, 80], [10, 10, 50, 90]
    quality = box_quality([far, near], (1000, 1000))
    np.testing.assert_allclose(quality, [0, 80 / 128])


def test_unusable_boxes_have_quality_zero() -> None:
    nan = float("nan")
    boxes = [[nan, 0, 5, 5], [9, 9, 9, 20], [20, 20, 10, 40], [300, 0, 320, 20], [0, 0, 64, 64]]
    np.testing.assert_allclose(box_quality(boxes, SIZE), [0, 0, 0, 0, 0.5])
    assert box_quality([], SIZE).shape == (0,)


@pytest.mark.parametrize("confidence", [[0.5], [0.5, 2.0], [0.5, -0.1], [0.5, float("nan")]])
def test_invalid_confidences_are_refused(confidence: list[float]) -> None:
    with pytest.raises(InvalidInputError, match="one number from 0 to 1 for each box"):
        box_quality([[0, 0, 5, 5]] * 2, SIZE, np.array(confidence))
