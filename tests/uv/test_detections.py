from pathlib import Path

import numpy as np
import pytest
import torch

from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.uv import Detection, place_detections, read_detections

Box = tuple[float, float, float, float]


def person(box: Box, part: int = 2, score: float = 0.9) -> Detection:
    """Return a box of one part; u increases downwards and v to the right."""
    height, width = int(box[3] - box[1]), int(box[2] - box[0])
    u = (torch.arange(height) / 255).unsqueeze(1).expand(height, width)
    v = (torch.arange(width) / 255).expand(height, width)
    return Detection(torch.full((height, width), part), torch.stack((u, v)), box, score)


def save_dump(path: Path, *detections: Detection, **changed: np.ndarray) -> Path:
    """Save detections like the script in the module docstring."""
    arrays = {
        "pred_boxes_XYXY": np.array([one.box for one in detections], np.float32).reshape(-1, 4),
        "scores": np.array([one.score for one in detections], np.float32),
    }
    for index, one in enumerate(detections):
        arrays[f"labels_{index}"] = one.labels.numpy().astype(np.uint8)
        arrays[f"uv_{index}"] = one.uv.numpy()
    np.savez_compressed(path, **(arrays | changed))
    return path


def test_a_detection_is_placed_at_its_box() -> None:
    found = place_detections([person((3.75, 2.25, 8.75, 6.25))], 10, 12)
    expected = torch.zeros(3, 10, 12, dtype=torch.uint8)
    expected[0, 2:6, 3:8] = 2
    expected[1, 2:6, 3:8] = torch.arange(4, dtype=torch.uint8).unsqueeze(1)
    expected[2, 2:6, 3:8] = torch.arange(5, dtype=torch.uint8)
    assert torch.equal(found.planes, expected)


@pytest.mark.parametrize(
    ("left", "top"), [(-2, -3), (8, 7), (-2, 7), (0, 0)], ids=["before", "after", "mixed", "inside"]
)
def test_pixels_outside_the_image_are_cut_off(left: int, top: int) -> None:
    found = place_detections([person((left, top, left + 5, top + 6))], 10, 12)
    for y in range(10):
        for x in range(12):
            inside = left <= x < left + 5 and top <= y < top + 6
            assert found.planes[:, y, x].tolist() == (
                [2, y - top, x - left] if inside else [0, 0, 0]
            )


def test_a_detection_outside_the_image_gives_an_empty_map() -> None:
    for box in ((-9.0, 0.0, -4.0, 5.0), (12.0, 0.0, 15.0, 5.0), (0.0, 10.0, 3.0, 12.0)):
        assert bool(place_detections([person(box)], 10, 12).is_empty)


def test_no_detection_gives_an_empty_map() -> None:
    found = place_detections([], 10, 12)
    assert found.planes.shape == (3, 10, 12)
    assert bool(found.is_empty)


@pytest.mark.parametrize(
    ("small_score", "large_score", "kept"), [(0.9, 0.8, 5), (0.9, 0.3, 4)], ids=["area", "score"]
)
def test_the_largest_area_times_score_is_kept(
    small_score: float, large_score: float, kept: int
) -> None:
    small = person((0, 0, 4, 5), part=4, score=small_score)
    large = person((5, 0, 10, 6), part=5, score=large_score)
    for detections in ([small, large], [large, small]):
        found = place_detections(detections, 10, 12)
        assert found.parts.unique().tolist() == [0, kept]


def test_only_the_visible_area_counts() -> None:
    cut_off, whole = person((-8, 0, 2, 10), part=4), person((6, 0, 10, 6), part=5)
    assert place_detections([cut_off, whole], 10, 12).parts.max() == 5


def test_a_tie_goes_to_the_person_nearer_to_the_center() -> None:
    corner, middle = person((0, 0, 3, 3), part=4), person((5, 4, 8, 7), part=5)
    for detections in ([corner, middle], [middle, corner]):
        assert place_detections(detections, 10, 12).parts.max() == 5


def test_a_full_tie_goes_to_the_first() -> None:
    first, second = person((0, 0, 3, 3), part=4), person((0, 0, 3, 3), part=5)
    assert place_detections([first, second], 10, 12).parts.max() == 4


@pytest.mark.parametrize("part", range(1, 25))
def test_aligning_flips_u_of_parts_4_6_and_24_and_nothing_else(part: int) -> None:
    detection = [person((0, 0, 3, 3), part)]
    literal = place_detections(detection, 3, 3, lr_align=False).planes
    aligned = place_detections(detection, 3, 3).planes
    flipped = part in (4, 6, 24)
    assert torch.equal(aligned[1], 255 - literal[1] if flipped else literal[1])
    assert torch.equal(aligned[[0, 2]], literal[[0, 2]])


def test_coordinates_outside_0_to_1_are_clamped() -> None:
    uv = torch.tensor([[[-0.3, 1.2]], [[0.5, 2.0]]])
    detection = Detection(torch.ones(1, 2, dtype=torch.int64), uv, (0, 0, 2, 1), 1.0)
    assert place_detections([detection], 1, 2).planes.tolist() == [
        [[1, 1]],
        [[0, 255]],
        [[128, 255]],
    ]


@pytest.mark.parametrize(
    ("labels", "uv"),
    [
        ((4, 3), (2, 3, 4)),
        ((4, 3), (3, 4, 3)),
        ((4, 3), (4, 3)),
        ((1, 4, 3), (2, 1, 4, 3)),
    ],
)
def test_arrays_with_mismatched_shapes_are_refused(
    labels: tuple[int, ...], uv: tuple[int, ...]
) -> None:
    with pytest.raises(InvalidInputError, match=r"must be \(h, w\) and \(2, h, w\)"):
        Detection(torch.ones(labels, dtype=torch.int64), torch.zeros(uv), (0, 0, 3, 4), 1.0)


@pytest.mark.parametrize("box", [(0, 0, 3, 9), (0, 0, 9, 4), (0, 0, 4, 3 - 4)])
def test_labels_of_another_size_than_their_box_are_refused(box: Box) -> None:
    with pytest.raises(InvalidInputError, match="4×3 labels do not match the box"):
        Detection(torch.ones(4, 3, dtype=torch.int64), torch.zeros(2, 4, 3), box, 1.0)


@pytest.mark.parametrize(
    ("box", "score"),
    [((0, 0, float("nan"), 4), 1.0), ((0, 0, 3, 4), float("inf")), ((0, 0, 3, 4), -0.1)],
)
def test_boxes_and_scores_must_be_finite_and_scores_not_negative(box: Box, score: float) -> None:
    with pytest.raises(InvalidInputError, match="must be finite, and the score at least 0"):
        Detection(torch.ones(4, 3, dtype=torch.int64), torch.zeros(2, 4, 3), box, score)


def test_a_box_thinner_than_a_pixel_is_one_pixel() -> None:
    thin = Detection(torch.ones(1, 1, dtype=torch.int64), torch.zeros(2, 1, 1), (2, 1, 2.1, 1.2), 1)
    assert place_detections([thin], 4, 4).parts.nonzero().tolist() == [[1, 2]]


@pytest.mark.parametrize(("height", "width"), [(0, 4), (4, 0)])
def test_an_image_without_pixels_is_refused(height: int, width: int) -> None:
    with pytest.raises(InvalidInputError, match="must be at least 1"):
        place_detections([], height, width)


def test_part_numbers_above_24_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="outside 0 to 24"):
        person((0, 0, 3, 3), part=25)


def test_coordinates_that_are_not_finite_are_refused_on_the_body_only() -> None:
    uv = torch.full((2, 1, 2), float("nan"))
    uv[:, 0, 1] = 1
    Detection(torch.tensor([[0, 3]]), uv, (0, 0, 2, 1), 1.0)
    with pytest.raises(InvalidInputError, match="NaN or infinite"):
        Detection(torch.tensor([[3, 3]]), uv, (0, 0, 2, 1), 1.0)


def test_saved_detections_are_read_back(tmp_path: Path) -> None:
    people = person((0, 0, 4, 5), 4, 0.5), person((5, 0, 10, 6), 5, 0.25)
    found = read_detections(save_dump(tmp_path / "image.npz", *people))
    assert [(one.box, one.score) for one in found] == [(one.box, one.score) for one in people]
    for one, expected in zip(found, people, strict=True):
        assert torch.equal(one.labels.long(), expected.labels)
        assert torch.equal(one.uv, expected.uv)
    planes = place_detections(found, 10, 12).planes
    assert torch.equal(planes, place_detections(people, 10, 12).planes)


def test_a_file_without_detections_gives_none(tmp_path: Path) -> None:
    assert read_detections(save_dump(tmp_path / "image.npz")) == []


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    path = tmp_path / "image.npz"
    np.savez(path, pred_boxes_XYXY=np.zeros((1, 4)), scores=np.ones(1))
    with pytest.raises(ImageReadError, match=r"image\.npz: an array is missing.*labels_0"):
        read_detections(path)


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    labels = np.array([{}], dtype=object)
    path = save_dump(tmp_path / "image.npz", person((0, 0, 3, 3)), labels_0=labels)
    with pytest.raises(ImageReadError, match=r"image\.npz: .*allow_pickle=False"):
        read_detections(path)


def test_a_number_of_boxes_that_differs_from_the_scores_is_refused(tmp_path: Path) -> None:
    path = save_dump(tmp_path / "image.npz", person((0, 0, 3, 3)), scores=np.ones(2))
    with pytest.raises(ImageReadError, match=r"image\.npz: its detections cannot be used"):
        read_detections(path)


def test_a_detection_in_a_file_is_checked_and_the_file_named(tmp_path: Path) -> None:
    path = save_dump(tmp_path / "image.npz", person((0, 0, 3, 3)), uv_0=np.zeros((2, 9, 9)))
    with pytest.raises(ImageReadError, match=r"image\.npz: .*must be \(h, w\) and \(2, h, w\)"):
        read_detections(path)


def test_the_dump_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.pkl"
    torch.save([{"file_name": "a.jpg", "scores": torch.ones(1)}], path)
    with pytest.raises(ImageReadError, match=r"results\.pkl: an array is missing"):
        read_detections(path)


@pytest.mark.parametrize("content", [None, b"", b"text"])
def test_files_that_are_not_npz_are_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "image.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImageReadError, match=r"it does not exist, or is not an \.npz file"):
        read_detections(path)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = save_dump(tmp_path / "image.npz", person((0, 0, 40, 50)))
    content = bytearray(path.read_bytes())
    content[60:120] = bytes(60)
    path.write_bytes(bytes(content))
    with pytest.raises(ImageReadError, match=r"image\.npz: its detections cannot be used"):
        read_detections(path)
