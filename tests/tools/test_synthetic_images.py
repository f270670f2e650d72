from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_align.synth import Identity, SynthSettings, generate_identity
from reid_align.synth.shared_world import camera_and_scene
from tools.draw_synthetic_sheets import identity_sheet, iuv_sheet, scene_sheet
from tools.write_examples import write_examples

SETTINGS = SynthSettings(identities=1, images=2, seed=4)


@pytest.fixture(scope="module")
def identity() -> Identity:
    return generate_identity(SETTINGS, 0)


def test_examples_are_crops_named_as_in_market(tmp_path: Path) -> None:
    assert write_examples(tmp_path / "examples", SETTINGS) == 2
    paths = sorted((tmp_path / "examples").iterdir())
    assert [path.name[:6] for path in paths] == ["0001_c", "0001_c"]
    for path in paths:
        with Image.open(path) as image:
            assert image.size == (128, 256)


def test_sizes_of_the_sheets(identity: Identity) -> None:
    assert identity_sheet([identity] * 2).shape == (2 * 192, 3 * 96 + 192, 3)
    assert iuv_sheet([identity] * 3).shape == (4 * 192, 3 * 96, 3)
    scenes = scene_sheet([camera_and_scene(4, index) for index in (0, 1)], across=2)
    assert scenes.shape == (270, 2 * 480, 3)
    assert np.ptp(scenes) > 50
