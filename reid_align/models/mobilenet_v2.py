"""MobileNetV2 as SAN's encoder and as a baseline: 2,223,872 parameters.

Source: arXiv:1801.04381, table 2.
"""

from functools import partial
from os import PathLike

from reid_align.models.embedding_head import EncoderHead
from reid_align.models.light_encoder import LightEncoder, LightShape, StageShape
from reid_align.models.model_factory import MODELS, create_encoder
from reid_align.models.pooling import Pool

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


def san_mobilenet_v2(
    pretrained: bool | str = False,
    *,
    weights: str | PathLike[str] | None = None,
    head: EncoderHead | None = None,
    pool: Pool | None = None,
) -> LightEncoder:
    """Build SAN's encoder on MobileNetV2, in evaluation mode; the default of the commands.

    Args:
        pretrained: True for the default weights, a tag for others, False for random weights.
        weights: a training run, a folder, a file or another reference to weights, instead of
            ``pretrained``.
        head: "gap" (1280-d), "fc512" (512-d) or "bnneck" (1280-d); default: that of the weights,
            or "gap".
        pool: "avg" or "gem"; default: that of the weights, or "avg".

    Raises:
        UnknownNameError: the weights or an argument value are unknown.
        InvalidInputError: an argument conflicts with the weights.
        WeightsError: the weights cannot be found, read or verified.
    """
    arch_args = {"head": head, "pool": pool}
    constructor = partial(LightEncoder, MOBILENET_V2)
    return create_encoder("san_mobilenet_v2", constructor, pretrained, weights, arch_args)
