"""Tensor names of the official SAN code for our encoder and decoder.

Source: github.com/microsoft/Semantics-Aligned-Representation-Learning-for-Person-Re-identification,
main.py and torchreid/models/resnet.py (MIT).
"""

import re

ENCODER_NAMES = (("embed.fc.", "fc.0."), ("embed.bn.", "fc.1."))
DECODER_NAMES = (
    (r"skip(\d).conv.", r"embed_layer\1.0."),
    (r"skip(\d).bn.", r"embed_layer\1.1."),
    (r"reduce.conv.", "reduce_dim.0."),
    (r"reduce.bn.", "reduce_dim.1."),
    (r"up(\d).conv1.", r"up\1.res.res.0."),
    (r"up(\d).bn1.", r"up\1.res.res.1."),
    (r"up(\d).conv2.", r"up\1.res.res.3."),
    (r"up(\d).bn2.", r"up\1.res.res.4."),
    (r"up(\d).proj.", r"up\1.conv.2."),
    (r"to_rgb.", "final_layer.1."),
)


def encoder_name(name: str) -> str:
    """Return the official name of a tensor of `SanEncoder` with the "fc512" head.

    Trunk tensors have torchvision's names in both.
    """
    return _rename(name, ENCODER_NAMES)


def decoder_name(name: str) -> str:
    """Return the official name of a tensor of `TextureDecoder` with skips."""
    return _rename(name, DECODER_NAMES)


def _rename(name: str, rules: tuple[tuple[str, str], ...]) -> str:
    for ours, theirs in rules:
        renamed, count = re.subn(rf"^{ours}", theirs, name)
        if count:
            return renamed
    return name
