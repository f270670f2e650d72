import numpy as np

from reid_align.synth.rendering.mesh import bounds
from reid_align.synth.rendering.rasterizer import Fragments, rasterize


def test_the_nearest_triangle_wins_whatever_the_order() -> None:
    square = np.float32([[2, 2], [2, 12], [12, 12], [12, 2]])
    points = np.concatenate([np.c_[square, np.full(4, depth)] for depth in (5.0, 3.0)]).astype(
        np.float32
    )
    near, far = [[4, 5, 6], [4, 6, 7]], [[0, 1, 2], [0, 2, 3]]
    for faces, winner in ((far + near, (2, 3)), (near + far, (0, 1))):
        seen = Fragments.empty(16, 16)
        rasterize(points, np.array(faces, np.int32), np.ones(4, bool), seen)
        inner = seen.face[2:12, 2:12]
        assert np.isin(inner, winner).all()
        assert (seen.face == -1).sum() == 256 - 100
        np.testing.assert_allclose(1 / seen.inverse_depth[2:12, 2:12], 3, rtol=1e-5)


def test_the_back_of_a_one_sided_triangle_is_not_drawn() -> None:
    points = np.float32([[1, 1, 2], [1, 9, 2], [9, 1, 2]])
    for face, drawn in (([0, 1, 2], True), ([0, 2, 1], False)):
        seen = Fragments.empty(10, 10)
        rasterize(points, np.array([face], np.int32), np.zeros(1, bool), seen)
        assert (seen.face >= 0).any() == drawn


def test_bounds_are_the_least_and_the_greatest() -> None:
    points = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    np.testing.assert_array_equal(bounds(points), [points.min(0), points.max(0)])
    np.testing.assert_array_equal(bounds(points[:1]), points[[0, 0]])
