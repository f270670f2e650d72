import numpy as np

from reid_align.synth.views.placement import detector_box


def test_boxes_contain_most_of_the_avatar_and_are_rarely_centered() -> None:
    rng = np.random.default_rng(5)
    points = np.float32([[100, 50, 5], [180, 250, 5]])
    shifts, shares = [], []
    for index in range(300):
        box = detector_box(points, bool(index % 2), rng)
        shifts.append((box.left + box.width / 2 - 140) / box.width)
        top, bottom = max(box.top, 50), min(box.top + box.height, 250)
        shares.append((bottom - top) / 200)
        assert 0.3 < box.width / box.height < 0.95
    assert np.std(shifts) > 0.02
    assert np.mean(shares) > 0.9
    assert min(shares) > 0.4
