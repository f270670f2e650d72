"""All formats of foreign state dicts, and the choice of the one that fits."""

from reid_align.conversion.fastreid_format import FastReidFormat
from reid_align.conversion.foreign_network import ForeignFormat, State
from reid_align.conversion.layumi_format import LayumiFormat
from reid_align.conversion.osnet_format import OsNetFormat
from reid_align.conversion.san_format import SanFormat
from reid_align.conversion.strong_baseline_format import StrongBaselineFormat
from reid_align.errors import WeightsFormatError
from reid_align.weights.tensor_matching import join_names

FORMATS: tuple[ForeignFormat, ...] = (
    OsNetFormat(),
    FastReidFormat(),
    StrongBaselineFormat(),
    LayumiFormat(),
    SanFormat(),
)
# Networks that are recognized and not supported, by the start of a tensor name.
UNSUPPORTED = {
    "base.layer0.": "an SE-ResNet or SE-ResNeXt of reid-strong-baseline",
    "b1_head.": "an MGN of fast-reid",
    "backbone.conv1.0.": "a ResNeSt of fast-reid",
    "usam_1.": "a ResNet-50 with USAM of Person_reID_baseline_pytorch",
    "classifier0.": "a PCB of Person_reID_baseline_pytorch",
    "model.features.": "a DenseNet of Person_reID_baseline_pytorch",
    "image_encoder.": "a CLIP-ReID",
    "base.patch_embed.": "a TransReID",
    "base.cls_token": "a TransReID",
}


def find_format(state: State, source: str) -> ForeignFormat:
    """Return the format of a state dict.

    Raises:
        WeightsFormatError: no format fits, or the network is known as unsupported.
    """
    known = ", ".join(one.library for one in FORMATS)
    for start, network in UNSUPPORTED.items():
        if any(name.startswith(start) for name in state):
            raise WeightsFormatError(
                f"{source} contains {network}, which is not supported. Supported: {known}."
            )
    for one in FORMATS:
        if one.recognizes(state):
            return one
    raise WeightsFormatError(
        f"{source} contains an unknown network; its first tensors are {join_names(list(state))}. "
        f"Supported: {known}."
    )
