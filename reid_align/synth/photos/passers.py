"""Other people in the image: a fixed set of cut-out persons that walk by or stand in the way."""

from dataclasses import dataclass

import numpy as np

from reid_align.synth.arrays import Floats
from reid_align.synth.drawing.imaging import move


@dataclass(frozen=True, eq=False)
class Passer:
    """A cut-out person.

    Attributes:
        color: (H, W, 3) float32 linear, times coverage, in the light of a dull day.
        coverage: (H, W) float32 in [0, 1].
    """

    color: Floats
    coverage: Floats


def place_passer(
    passer: Passer, shape: tuple[int, int], before: bool, rng: np.random.Generator
) -> Passer:
    """Return the passer enlarged and moved into a crop of ``shape`` (H, W), beside its middle.

    Args:
        passer: the cut-out; it fills the height of its image.
        shape: of the crop.
        before: nearer to the camera than the person, so larger and lower; else behind.
        rng: source of size and place.
    """
    height, width = shape
    scale = rng.uniform(0.95, 1.3) if before else rng.uniform(0.6, 1.02)
    scale *= height / passer.coverage.shape[0]
    sideways = rng.choice((-1, 1)) * rng.uniform(0.38, 0.75) * width
    low = rng.uniform(0.02, 0.3) * height if before else rng.uniform(-0.14, 0.0) * height
    own_width = passer.coverage.shape[1] * scale
    matrix = np.array([[scale, 0, (width - own_width) / 2 + sideways], [0, scale, 0]], np.float64)
    matrix[1, 2] = height - scale * passer.coverage.shape[0] + low
    return Passer(
        move(passer.color, matrix, height, width), move(passer.coverage, matrix, height, width)
    )
