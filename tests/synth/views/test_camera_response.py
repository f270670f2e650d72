from dataclasses import replace

import numpy as np

from reid_align.synth.scenes.cameras import Response
from reid_align.synth.views.camera_response import photograph

PLAIN = Response(
    exposure=1.0,
    balance=np.ones(3, np.float32),
    saturation=1.0,
    contrast=1.0,
    black=0.0,
    gamma=1.0,
    blur=0.0,
    sharpening=0.0,
    noise=0.0,
    quality=95,
    resolution=1.0,
    cast=np.zeros(3, np.float32),
)


def shoot(light: np.ndarray, response: Response, rows: int = 256, seed: int = 1) -> np.ndarray:
    return photograph(light, response, rows, np.random.default_rng(seed)).astype(int)


def ramp() -> np.ndarray:
    light = np.linspace(0, 0.8, 128, dtype=np.float32)
    return np.broadcast_to(light[None, :, None], (256, 128, 3)).copy()


def test_the_plain_response_keeps_gray_and_order() -> None:
    taken = shoot(ramp(), PLAIN)
    assert taken.shape == (256, 128, 3)
    assert np.ptp(taken, axis=-1).max() <= 12
    assert (np.diff(taken.mean((0, 2))[::8]) > 0).all()


def test_effects_of_the_response_parameters() -> None:
    plain = shoot(ramp(), PLAIN)
    assert shoot(ramp(), replace(PLAIN, exposure=2.0)).mean() > plain.mean() + 20
    assert shoot(ramp(), replace(PLAIN, black=0.1)).mean() < plain.mean()
    assert shoot(ramp(), replace(PLAIN, noise=0.05)).std(0).mean() > plain.std(0).mean() + 3
    warm = replace(PLAIN, balance=np.array([1.3, 1.0, 0.7], np.float32))
    assert shoot(ramp(), warm)[..., 0].mean() > shoot(ramp(), warm)[..., 2].mean() + 20
    colored = ramp() * np.float32([1, 0.2, 0.2])
    dull = shoot(colored, replace(PLAIN, saturation=0.2))
    assert np.ptp(dull, axis=-1).mean() < 0.5 * np.ptp(shoot(colored, PLAIN), axis=-1).mean()


def test_few_rows_make_a_coarse_image() -> None:
    light = np.random.default_rng(0).random((256, 128, 3), np.float32)
    fine, coarse = (np.abs(np.diff(shoot(light, PLAIN, rows), axis=0)).mean() for rows in (256, 48))
    assert coarse < 0.3 * fine
