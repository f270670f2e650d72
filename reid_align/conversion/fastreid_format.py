"""State dicts of fast-reid's ResNets: BoT, AGW and SBS.

Source of the names: github.com/JDAI-CV/fast-reid (Apache-2.0), fastreid/modeling and configs at
c9bc3ce and, for files of 2020, at tag v0.1.1.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import torch

from reid_align.conversion.foreign_network import (
    ForeignNetwork,
    State,
    count_identities,
    rename,
    without,
)
from reid_align.errors import InvalidInputError, WeightsFormatError
from reid_align.models.foreign_resnet import NON_LOCAL
from reid_align.models.resnet import LAYOUTS, Depth
from reid_align.preprocess import Preprocess
from reid_align.weights import Argument

STEM, LAST_OF_101 = "backbone.conv1.weight", "backbone.layer3.22.conv1.weight"
INSTANCE_NORM, NON_LOCAL_KEY = "backbone.layer1.0.bn1.IN.weight", "backbone.NL_2.0.g.weight"
EXPONENT, PIXELS = "heads.pool_layer.p", ("pixel_mean", "pixel_std")
NECK_2020, NECK = "heads.bnneck.", "heads.bottleneck.0."
CLASSIFIER_2020, CLASSIFIER = "heads.classifier.weight", "heads.weight"
NON_LOCAL_PARTS = {"query.": "theta.", "key.": "phi.", "value.": "g.", "out.": "W."}
# AGW's GeM has this fixed exponent, which is not in the file.
FIXED_EXPONENT = 3.0


class FastReidFormat:
    """ResNet-50 or 101 of fast-reid, with or without IBN-a and non-local blocks."""

    library, license = "ResNet of fast-reid", "Apache-2.0"

    def recognizes(self, state: State) -> bool:
        """Return whether there is the first layer of a fast-reid backbone."""
        return STEM in state

    def read(self, state: State, given: Mapping[str, Argument], source: str) -> ForeignNetwork:
        """Identify depth, norm, pooling and neck by the names."""
        depth: Depth = 101 if LAST_OF_101 in state else 50
        neck = NECK_2020 if NECK_2020 + "weight" in state else NECK
        non_local = NON_LOCAL_KEY in state
        arguments: dict[str, Argument] = {
            "head": "bnneck" if neck + "weight" in state else "gap",
            "pool": "gem" if non_local or EXPONENT in state else "avg",
            "norm": "ibn_a" if INSTANCE_NORM in state else "bn",
            # torchvision's pooling was replaced in November 2020.
            "max_pool": "padded" if neck == NECK_2020 else "ceil",
            "non_local": non_local,
            **given,
        }
        assumed = ["last_stride"]
        assumed += ["pool"] * (EXPONENT not in state)
        # The classifier has this name from September 2020 to March 2021.
        assumed += ["max_pool"] * (neck == NECK and CLASSIFIER_2020 in state)
        tensors, left_out = without(state, (CLASSIFIER_2020, CLASSIFIER, *PIXELS))
        if arguments["pool"] == "gem":
            exponent = tensors.get(EXPONENT, torch.tensor(FIXED_EXPONENT))
            tensors[EXPONENT] = exponent.reshape(()) if exponent.numel() == 1 else exponent
        counts = NON_LOCAL[depth] if non_local else (0, 0)
        return ForeignNetwork(
            self.library,
            self.license,
            f"fastreid_resnet{depth}",
            arguments,
            _preprocess(state, sbs=non_local and EXPONENT in state, source=source),
            tensors,
            lambda name: fastreid_name(name, neck, depth, counts),
            tuple(name for name in left_out if name not in PIXELS),
            tuple(name for name in assumed if name not in given),
            count_identities(
                state, CLASSIFIER if CLASSIFIER in state else CLASSIFIER_2020, "", source
            ),
        )


def fastreid_name(name: str, neck: str, depth: Depth, counts: tuple[int, int]) -> str:
    """Return fast-reid's name of a tensor of `ForeignResNet`.

    Args:
        name: the name in `ForeignResNet`.
        neck: prefix of the batch norm after the pooling.
        depth: of the ResNet.
        counts: number of non-local blocks in layer2 and layer3.
    """
    if layer := re.fullmatch(r"layer([23])\.(\d+)\.(.*)", name):
        stage, index, rest = int(layer[1]), int(layer[2]), layer[3]
        first = LAYOUTS[depth][1][stage - 1] - counts[stage - 2]
        # From the block `first` on, blocks and non-local blocks alternate.
        block, is_non_local = divmod(index - first, 2) if index > first else (index - first, 0)
        if is_non_local:
            return f"backbone.NL_{stage}.{block}.{rename(rest, NON_LOCAL_PARTS)}"
        return f"backbone.layer{stage}.{first + block}.{rest}"
    return rename(name, {"embed.": neck, "pool.p": EXPONENT}, "backbone.")


def _preprocess(state: State, sbs: bool, source: str) -> Preprocess:
    """Return the preprocessing of the default configs, with mean and deviation of the file."""
    size = replace(Preprocess(), height=384 if sbs else 256, interpolation="bicubic")
    if not all(name in state for name in PIXELS):
        return size
    mean, std = (_three(state, name, source) for name in PIXELS)
    try:
        return replace(size, mean=mean, std=std)
    except InvalidInputError as error:
        raise WeightsFormatError(f"{source}: pixel_mean, pixel_std: {error}") from error


def _three(state: State, name: str, source: str) -> tuple[float, float, float]:
    """Return the numbers of the three channels, for values in [0, 1]."""
    values = state[name].flatten().tolist()
    if len(values) != 3:
        raise WeightsFormatError(f"{source}: {name} has {len(values)} values instead of 3.")
    red, green, blue = (round(value / 255, 6) for value in values)
    return red, green, blue
