"""Initial weights of a task: random, ImageNet, an earlier run or published weights."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from reid_align.errors import WeightsFormatError
from reid_align.models import Encoder
from reid_align.models.resnet_blocks import BasicBlock, Bottleneck
from reid_align.recipes.imagenet_weights import imagenet_tensors
from reid_align.recipes.recipe import GIVEN, IMAGENET, RANDOM
from reid_align.recipes.recipe_data import RecipeInputError
from reid_align.tasks import ConfiguredTask
from reid_align.training.task_interface import Product
from reid_align.weights import (
    find_network,
    find_published,
    find_weights_file,
    load_tensors,
    read_header,
    read_tensors,
    run_networks,
)
from reid_align.weights.tensor_matching import describe_tensor, join_names, tensors_match

ENCODER = "encoder"
IMAGENET_TITLE = "The ImageNet weights"


def initialize_task(task: ConfiguredTask, initial: str, fresh: Sequence[str] = ()) -> None:
    """Load the initial weights of a task, in place.

    From a run, all networks are loaded that the task has too: the encoder, and the decoder or the
    guiding stream. A task without an encoder can load one into its trunk. Classifiers keep their
    random values.

    Args:
        task: newly built, with random weights.
        initial: "imagenet", "random", or any reference of `weights_reference`: a run, a folder of
            `save_pretrained`, a file, the name of published weights or a Hub repository.
        fresh: prefixes of the encoder's tensor names that keep their random values.

    Raises:
        RecipeInputError: ImageNet weights for a task without a trunk; or ``initial`` is "given".
        WeightsError: the weights cannot be found, read or trusted, or are of another network.
    """
    if initial == RANDOM:
        return
    if initial == GIVEN:
        raise RecipeInputError("This recipe starts from an earlier run, and none was given.", "run")
    trunk = task.trunk
    if initial == IMAGENET:
        if trunk is None:
            raise RecipeInputError(
                f"{type(task).__name__} has no network with ImageNet weights: start from "
                f"{RANDOM!r} weights.",
                "initial",
            )
        _load_encoder(trunk, imagenet_tensors(trunk.imagenet_model), None, fresh)
        return
    for name, path in _weight_files(task, initial).items():
        if name == ENCODER and trunk is not None:
            _load_encoder(trunk, read_tensors(path), path, fresh)
        else:
            _load_head(task.products()[name], path)


def describe_start(initial: str) -> str:
    """Return the description of the initial weights in the records of a run.

    It has the hash of published weights, which differ between versions of this library.
    """
    weights = find_published(initial)
    return initial if weights is None else f"{initial}, sha256 {weights.sha256}"


def _weight_files(task: ConfiguredTask, initial: str) -> dict[str, Path]:
    """Return the weight files of a reference by the network of the task that they are for."""
    products = task.products()
    main = next(iter(products))
    accepts_encoder = task.trunk is not None
    found = {} if find_published(initial) else run_networks(Path(initial))
    if not found:
        single = find_weights_file(initial, main)
        info = read_header(single) if accepts_encoder and main != ENCODER else None
        other = info is not None and info.architecture != products[main].architecture
        return {ENCODER if other else main: single}
    if main not in found and accepts_encoder and ENCODER in found:
        return {ENCODER: found[ENCODER]}
    if main not in found:
        find_network(Path(initial), main)
    return {name: path for name, path in found.items() if name in products}


def _load_head(product: Product, path: Path) -> None:
    """Load the weights of a decoder, a guiding stream or an estimator.

    Raises:
        WeightsFormatError: the tensors differ; the message names the settings that differ.
        WeightsError: the weights cannot be read or trusted.
    """
    try:
        load_tensors(product.module, path)
    except WeightsFormatError as error:
        info = read_header(path)
        made = {} if info is None else info.arch_args
        differing = [
            f"{name}={made[name]} there and {value} here"
            for name, value in product.arch_args.items()
            if name in made and made[name] != value
        ]
        if not differing:
            raise
        raise WeightsFormatError(
            f"{error} Their settings differ: {', '.join(differing)}. Train with the settings of "
            "these weights (for skips: task.decoder.skips), or choose other initial weights."
        ) from error


@torch.no_grad()
def _load_encoder(
    encoder: Encoder, tensors: Mapping[str, Tensor], path: Path | None, fresh: Sequence[str]
) -> None:
    """Copy the tensors of the trunk, and those parts of the head that fit completely.

    If the weights are of a shallower network, the additional blocks start as identities and the
    deeper network computes the same features (as in Net2Net, arXiv:1511.05641).
    """
    added = _added_blocks(encoder, tensors)
    for block in added.values():
        block.zero_init_residual()
    targets = {
        name: target
        for name, target in encoder.state_dict().items()
        if not name.startswith((*fresh, *added))
    }
    fitting = [
        name for name in targets if name in tensors and tensors_match(tensors[name], targets[name])
    ]
    head = encoder.head_prefixes
    missing = [name for name in targets if name not in fitting and not name.startswith(head)]
    other_head = tuple(
        prefix
        for prefix in head
        if any(name.startswith(prefix) for name in targets if name not in fitting)
    )
    if missing:
        first = tensors.get(missing[0])
        problem = (
            "which is missing" if first is None else f"which is {describe_tensor(first)} there"
        )
        raise WeightsFormatError(
            f"{path or IMAGENET_TITLE}: made for another network. Of the {len(targets)} tensors of "
            f"the encoder they lack {len(missing)}: {join_names(missing)}, {problem}. Choose other "
            f"initial weights, or the encoder of these weights: {_encoder_settings(path)}."
        )
    for name in fitting:
        if not name.startswith(other_head):
            targets[name].copy_(tensors[name])


def _encoder_settings(path: Path | None) -> str:
    """Return the settings that select the encoder of a weights file."""
    info = None if path is None else read_header(path)
    if info is None:
        return "task.encoder.architecture=NAME"
    arguments = {f"arguments.{name}": value for name, value in info.arch_args.items()}
    settings = {"architecture": info.architecture, **arguments}
    return " ".join(f"task.encoder.{name}={value}" for name, value in settings.items())


def _added_blocks(
    encoder: Encoder, tensors: Mapping[str, Tensor]
) -> dict[str, BasicBlock | Bottleneck]:
    """Return the blocks that the weights lack, in stages with a first block in the weights."""
    blocks = {
        f"{name}.": module
        for name, module in encoder.named_modules()
        if isinstance(module, BasicBlock | Bottleneck)
    }
    held = {prefix for prefix in blocks if any(name.startswith(prefix) for name in tensors)}
    return {
        prefix: block
        for prefix, block in blocks.items()
        if prefix not in held and f"{prefix.split('.')[0]}.0." in held
    }
