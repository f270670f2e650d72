"""State dicts of torchreid's OSNet, OSNet-IBN and OSNet-AIN.

Source of the names: github.com/KaiyangZhou/deep-person-reid, torchreid/models/osnet.py and
osnet_ain.py (MIT).
"""

import re
from collections.abc import Mapping
from functools import partial

from reid_align.conversion.foreign_network import (
    ForeignNetwork,
    State,
    count_identities,
    without,
)
from reid_align.errors import WeightsFormatError
from reid_align.models.osnet import OSNETS, InstanceNorms
from reid_align.preprocess import Preprocess
from reid_align.weights import Argument

STEM, AIN_TRANSITION, IBN_NORM = "conv1.conv.weight", "pool2.0.conv.weight", "conv2.0.IN.weight"
CLASSIFIER = ("classifier.weight", "classifier.bias")
PARTS = ("conv", "bn")
LIGHT_PARTS = ("conv1", "conv2", "bn")
BLOCK_PARTS = {"reduce": "conv1", "expand": "conv3", "shortcut": "downsample"}


class OsNetFormat:
    """OSNet of torchreid; every width and variant has other shapes or names."""

    library, license = "OSNet of torchreid", "MIT"

    def recognizes(self, state: State) -> bool:
        """Return whether there is the first layer of an OSNet."""
        return STEM in state

    def read(self, state: State, given: Mapping[str, Argument], source: str) -> ForeignNetwork:
        """Identify the variant by its names and the width by the first layer."""
        ain = AIN_TRANSITION in state
        norms: InstanceNorms = "ain" if ain else "ibn" if IBN_NORM in state else "none"
        width = state[STEM].shape[0] if state[STEM].ndim else 0
        names = {(one.instance_norms, one.channels[0]): one.name for one in OSNETS.values()}
        if (norms, width) not in names:
            raise WeightsFormatError(
                f"{source} is an OSNet of an unknown width: {width} channels in {STEM}. "
                f"Known: {', '.join(OSNETS)}."
            )
        tensors, left_out = without(state, CLASSIFIER)
        return ForeignNetwork(
            self.library,
            self.license,
            names[norms, width],
            dict(given),
            Preprocess(),
            tensors,
            partial(torchreid_name, ain=ain),
            left_out,
            identities=count_identities(state, *CLASSIFIER, source),
        )


def torchreid_name(name: str, ain: bool) -> str:
    """Return torchreid's name of a tensor of `OsNetEncoder`.

    Args:
        name: the name in `OsNetEncoder`.
        ain: of OSNet-AIN, which has other names.
    """
    part, _, rest = name.partition(".")
    if part == "embed":
        return {"fc": "fc.0.", "bn": "fc.1."}[rest.split(".")[0]] + rest.split(".")[1]
    if part in ("stem", "last"):
        return f"{'conv1' if part == 'stem' else 'conv5'}.{_convolution(rest)}"
    if not part.startswith("stage"):
        return name
    conv = int(part.removeprefix("stage")) + 1
    number, _, inner = rest.partition(".")
    if number == "2":
        transition = f"pool{conv}" if ain else f"conv{conv}.2"
        return f"{transition}.0.{_convolution(inner)}"
    return f"conv{conv}.{number}.{_in_block(inner, ain)}"


def _in_block(name: str, ain: bool) -> str:
    part, _, rest = name.partition(".")
    if part in ("inside", "after"):
        return f"IN.{rest}"
    if part == "gate":
        return name.replace("gate.reduce", "gate.fc1").replace("gate.expand", "gate.fc2")
    if part == "streams":
        return _in_stream(rest, ain)
    return f"{BLOCK_PARTS[part]}.{_convolution(rest)}"


def _in_stream(name: str, ain: bool) -> str:
    """Map "1.0.2.weight": stream 1, its layer 0, batch norm."""
    stream, layer, part, leaf = name.split(".")
    light = f"{LIGHT_PARTS[int(part)]}.{leaf}"
    if ain:
        return f"conv2.{stream}.layers.{layer}.{light}"
    letter = "abcd"[int(stream)]
    return f"conv2{letter}.{light}" if stream == "0" else f"conv2{letter}.{layer}.{light}"


def _convolution(name: str) -> str:
    """Map "0.weight" to "conv.weight" and "1.weight" to "bn.weight"."""
    return re.sub(r"^[01]", lambda number: PARTS[int(number[0])], name)
