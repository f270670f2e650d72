import numpy as np

from reid_align.synth.scenes.cameras import sample_camera
from reid_align.synth.scenes.scenes import WHITE, build_scene


def test_points_on_the_axis_are_in_the_center_of_the_frame() -> None:
    camera = sample_camera(np.random.default_rng(2), 0)
    ahead = camera.eye + camera.rotation[2] * 7
    column, row, depth = camera.project(ahead[None])[0]
    np.testing.assert_allclose((column, row, depth), (480, 270, 7), atol=1e-3)
    right = camera.project((ahead + camera.rotation[0])[None])[0]
    lower = camera.project((ahead - np.float32([0, 0, 1]))[None])[0]
    assert right[0] > column
    assert lower[1] > row


def test_brightness_and_depth_of_scenes() -> None:
    spread = []
    for index in range(6):
        rng = np.random.default_rng([3, index])
        camera = sample_camera(rng, index)
        scene = build_scene(camera, rng)
        assert scene.frame.shape == (540, 960, 3)
        assert np.isfinite(scene.depth).all()
        assert scene.depth.min() > 0.5
        light = (scene.frame / 255.0) ** 2 * WHITE * camera.response.exposure
        assert 0.02 < light.mean() < 1.2
        spread.append(scene.frame.std())
    assert min(spread) > 5
