from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_people import clothes, make_set

from benchmarks.papers.partial_sets import crop_part
from benchmarks.studies.alignment_errors import mean_texture, overlaps, ssim, texture_errors
from benchmarks.studies.alignment_ranks import CONDITIONS, Condition, rank1_by
from benchmarks.studies.synthetic_truth import Truth, part_heights
from reid_align.datasets.synthetic_set import SyntheticSet

TURNED, VISIBLE, MISPLACED = CONDITIONS


def truth(count: int, seed: int = 0) -> Truth:
    rng = np.random.default_rng(seed)
    heights = rng.random((count, 24)).astype(np.float32)
    heights[rng.random((count, 24)) < 0.3] = np.nan
    return Truth(
        ("",) * count,
        ("",) * count,
        ("",) * count,
        rng.integers(0, 6, count),
        rng.integers(0, 3, count),
        rng.random(count) < 0.4,
        rng.uniform(0, 360, count).astype(np.float32),
        rng.uniform(0.3, 1, count).astype(np.float32),
        heights,
    )


def naive_rank1(features: np.ndarray, known: Truth, condition: Condition) -> list[float]:
    """Query by query, with lists."""
    units = [row / np.linalg.norm(row) for row in features]
    queries, gallery = (
        [i for i in range(len(units)) if known.is_query[i] == side] for side in (True, False)
    )
    found = []
    for low, high in zip(condition.edges[:-1], condition.edges[1:], strict=True):
        hits = []
        for q in queries:
            others = [
                units[q] @ units[g] for g in gallery if known.person_ids[g] != known.person_ids[q]
            ]
            own = [
                units[q] @ units[g]
                for g in gallery
                if known.person_ids[g] == known.person_ids[q]
                and known.camera_ids[g] != known.camera_ids[q]
                and low <= condition.measure(known, np.array([q]), np.array([g]))[0] < high
            ]
            hits += [max(own) > max(others)] if own else []
        found.append(100 * float(np.mean(hits)) if hits else float("nan"))
    return found


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.name)
def test_rank1_by_range_matches_a_naive_search(condition: Condition) -> None:
    known = truth(60)
    rng = np.random.default_rng(3)
    centers = rng.normal(size=(6, 8))[known.person_ids]
    features = (centers + rng.normal(size=(60, 8))).astype(np.float32)
    found = rank1_by(features, known, condition)
    expected = naive_rank1(features.astype(np.float64), known, condition)
    assert [one.rank1 for one in found] == pytest.approx(expected, nan_ok=True)
    assert any(0 < one.rank1 < 100 for one in found)


def test_orientation_change_is_at_most_180_degrees() -> None:
    known = truth(2)
    known.headings[:] = (350, 20)
    here, there = np.array([0]), np.array([1])
    assert TURNED.measure(known, here, there) == pytest.approx([30])
    assert TURNED.measure(known, there, here) == pytest.approx([30])


def test_visible_share_is_the_smaller_one() -> None:
    known = truth(2)
    known.visible[:] = (0.9, 0.4)
    assert VISIBLE.measure(known, np.array([0]), np.array([1])) == pytest.approx([40])


def test_misplacement_uses_parts_visible_in_both_images() -> None:
    known = truth(2)
    known.heights[:] = np.nan
    known.heights[0, :3], known.heights[1, 1:4] = (0.1, 0.3, 0.5), (0.2, 0.3, 0.9)
    assert MISPLACED.measure(known, np.array([0]), np.array([1])) == pytest.approx([15])
    known.heights[1] = np.nan
    assert np.isnan(MISPLACED.measure(known, np.array([0]), np.array([1]))).all()


def test_part_height_is_the_mean_over_its_pixels() -> None:
    parts = np.zeros((10, 4), np.uint8)
    parts[2:4], parts[9, 0] = 7, 24
    heights = part_heights(parts)
    assert heights[6] == pytest.approx(0.3)
    # One pixel is too little to be sure.
    assert np.isnan(np.delete(heights, 6)).all()


def naive_ssim(a: np.ndarray, b: np.ndarray, row: int, column: int) -> float:
    """One pixel of one color, with numpy's own moments of a window."""
    offsets = np.arange(11) - 5
    gauss = np.exp(-(offsets**2) / (2 * 1.5**2))
    weights = np.outer(gauss, gauss) / gauss.sum() ** 2
    x, y = (p[row - 5 : row + 6, column - 5 : column + 6] for p in (a, b))
    mx, my = (weights * x).sum(), (weights * y).sum()
    vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
    together = (weights * (x - mx) * (y - my)).sum()
    top = (2 * mx * my + 1e-4) * (2 * together + 9e-4)
    return float(top / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4)))


def test_ssim_matches_its_definition() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.rand(1, 3, 24, 20, generator=generator) for _ in range(2))
    expected = np.mean([naive_ssim(a[0, c].numpy(), b[0, c].numpy(), 11, 8) for c in range(3)])
    assert float(ssim(a, b)[0, 11, 8]) == pytest.approx(float(expected), abs=1e-5)
    assert ssim(a, a).numpy() == pytest.approx(1, abs=1e-5)


def test_texture_errors_ignore_masked_texels(tmp_path: Path) -> None:
    found = SyntheticSet(make_set(tmp_path / "set"))
    textures = tuple(found.names("people", "texture")[:2])
    known = Truth(*(("",) * 2, ("",) * 2, textures), *([np.zeros(2)] * 6))
    true = [clothes(person, 256, 256).astype(np.float32) / 255 for person in (0, 1)]
    exact = torch.from_numpy(np.stack(true)).permute(0, 3, 1, 2)
    assert texture_errors(known, lambda names: exact, found.folder)["l1"] == pytest.approx(0)
    spoilt = exact.clone()
    # The mask of the set leaves out 64 columns at both sides, which the windows reach into.
    spoilt[..., :50] = 0
    unharmed = texture_errors(known, lambda names: spoilt, found.folder)
    assert unharmed == pytest.approx({"l1": 0, "ssim": 1}, abs=1e-4)
    spoilt[..., 64:-64] += 10 / 255
    assert texture_errors(known, lambda names: spoilt, found.folder)["l1"] == pytest.approx(10)


def test_mean_texture_averages_the_training_identities(tmp_path: Path) -> None:
    found = SyntheticSet(make_set(tmp_path / "set"))
    expected = np.mean([clothes(person, 256, 256) for person in range(6)], 0) / 255
    assert mean_texture(found).permute(1, 2, 0).numpy() == pytest.approx(expected, abs=1e-5)


def test_overlaps_of_a_small_example() -> None:
    counts = np.zeros((25, 25), np.int64)
    # Of part 3, 6 pixels are right, 2 were given part 4, 2 are missed; 5 more were made up.
    counts[0, 0], counts[3, 3], counts[3, 4], counts[3, 0], counts[0, 3] = 85, 6, 2, 2, 5
    found = overlaps(counts)
    assert found["part_iou"] == pytest.approx(100 * 6 / 15)
    assert found["body_iou"] == pytest.approx(100 * 8 / 15)


def test_cut_keeps_the_documented_share() -> None:
    image = np.arange(200 * 100 * 3).reshape(200, 100, 3).astype(np.uint8)
    rng = np.random.default_rng(0)
    shapes = np.array([crop_part(image, rng).shape[:2] for _ in range(200)])
    assert shapes.min(0) == pytest.approx([100, 70], abs=3)
    assert shapes.max(0) == pytest.approx([160, 100], abs=3)
