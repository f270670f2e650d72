"""EfficientNet-Lite0 and Lite2 as SAN's encoder and as a baseline: 3.4 and 4.8 million parameters.

EfficientNet-Lite is EfficientNet without squeeze-and-excitation and with ReLU6. The stem and the
last convolution keep their widths at every size.

Source: arXiv:1905.11946; the TensorFlow release of EfficientNet-Lite for the differences.
"""

from dataclasses import replace
from functools import partial
from math import ceil

from reid_align.models.light_encoder import LightEncoder, LightShape, StageShape
from reid_align.models.model_factory import MODELS

EFFICIENTNET_LITE_0 = LightShape(
    "efficientnet_lite0",
    stem=32,
    stages=(
        StageShape(1, 3, 1, 1, 16),
        StageShape(2, 3, 2, 6, 24),
        StageShape(2, 5, 2, 6, 40),
        StageShape(3, 3, 2, 6, 80),
        StageShape(3, 5, 1, 6, 112),
        StageShape(4, 5, 2, 6, 192),
        StageShape(1, 3, 1, 6, 320),
    ),
    epsilon=1e-3,
    same_padding=True,
)


def scaled(name: str, width: float, depth: float) -> LightShape:
    """Return Lite0 scaled: widths become multiples of 8, and all but two stages get deeper.

    Args:
        name: of the ImageNet classifier.
        width: factor of the widths of the stages.
        depth: factor of the number of blocks; the first and last stage keep theirs.
    """
    first, *inner, last = (
        replace(stage, channels=_multiple_of_8(stage.channels * width))
        for stage in EFFICIENTNET_LITE_0.stages
    )
    deeper = (replace(stage, blocks=ceil(stage.blocks * depth)) for stage in inner)
    return replace(EFFICIENTNET_LITE_0, imagenet_model=name, stages=(first, *deeper, last))


def _multiple_of_8(width: float) -> int:
    rounded = max(8, int(width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * width else rounded


EFFICIENTNET_LITE_2 = scaled("efficientnet_lite2", 1.1, 1.2)

for _shape in (EFFICIENTNET_LITE_0, EFFICIENTNET_LITE_2):
    for _name in (f"san_{_shape.imagenet_model}", f"{_shape.imagenet_model}_baseline"):
        MODELS.register(_name)(partial(LightEncoder, _shape))
