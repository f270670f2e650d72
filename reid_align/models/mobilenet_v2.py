"""MobileNetV2 as SAN's encoder and as a baseline: 2,223,872 parameters.

Source: arXiv:1801.04381, table 2.
"""

from functools import partial

from reid_align.models.light_encoder import LightEncoder, LightShape, StageShape
from reid_align.models.model_factory import MODELS

MOBILENET_V2 = LightShape(
    "mobilenet_v2",
    stem=32,
    stages=(
        StageShape(1, 3, 1, 1, 16),
        StageShape(2, 3, 2, 6, 24),
        StageShape(3, 3, 2, 6, 32),
        StageShape(4, 3, 2, 6, 64),
        StageShape(3, 3, 1, 6, 96),
        StageShape(3, 3, 2, 6, 160),
        StageShape(1, 3, 1, 6, 320),
    ),
)

for _name in ("san_mobilenet_v2", "mobilenet_v2_baseline"):
    MODELS.register(_name)(partial(LightEncoder, MOBILENET_V2))
