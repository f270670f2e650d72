"""What a training starts from: random weights, ImageNet's, an earlier run's, published ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from reid_align.errors import InvalidInputError, WeightsFormatError, WeightsNotFoundError
from reid_align.models.blocks import BasicBlock, Bottleneck
from reid_align.recipes.imagenet_weights import Body, imagenet_tensors
from reid_align.recipes.recipe import GIVEN, IMAGENET, RANDOM
from reid_align.tasks import DenseUvTask
from reid_align.training.task import Task
from reid_align.weights import (
    Weights,
    load_tensors,
    locate,
    read_info,
    read_tensors,
    shipped_weights,
)
from reid_align.weights.fit import describe, fits, listed
from reid_align.weights.repository import WEIGHTS_NAME

ENCODER = "encoder"
# What belongs to an encoder's head: another one than that of the weights starts at random.
HEAD = ("embed.", "pool.", "local4.")
IMAGENETS = "ImageNet's weights"


def start(task: Task, initial: str, fresh: Sequence[str] = ()) -> None:
    """Give a task its first weights, in place.

    Of a run, everything that this task has too is taken: the encoder, and the decoder or the
    guiding stream. Classifiers always start at random.

    Args:
        task: as it was built, with random weights.
        initial: "imagenet", "random", the folder of a run or of `save_pretrained`, an
            ``encoder.safetensors``, or the name of published weights, which a path of that name
            hides.
        fresh: starts of the names of the encoder's tensors that stay random.

    Raises:
        InvalidInputError: a task without an encoder, from ImageNet; or no run was named.
        WeightsError: the weights cannot be found, read or trusted, or are of another network.
    """
    if initial == RANDOM:
        return
    if initial == GIVEN:
        raise InvalidInputError("This recipe goes on from an earlier run: name it with --from.")
    if initial == IMAGENET:
        body = _body(task)
        _load(body, imagenet_tensors(body), None, fresh)
        return
    for name, path in _files(task, _place(initial)).items():
        product = task.products()[name].module
        if name == ENCODER and task.encoder is not None:
            _load(task.encoder, read_tensors(path), path, fresh)
        else:
            load_tensors(product, path)


def _body(task: Task) -> Body:
    body = task.estimator.trunk if isinstance(task, DenseUvTask) else task.encoder
    if not isinstance(body, Body):
        raise InvalidInputError(
            f"{type(task).__name__} has no network that ImageNet has weights for: start from "
            "random ones (--initial random)."
        )
    return body


def describe_start(initial: str) -> str:
    """Return what a run records of its start: of published weights also which ones they are.

    Those of that name may be others in another version.
    """
    weights = published(initial)
    return initial if weights is None else f"{initial}, sha256 {weights.sha256}"


def published(initial: str) -> Weights | None:
    """Return the published weights of that name; None if there are none, or a path hides them."""
    return None if Path(initial).exists() else shipped_weights().get(initial)


def _place(initial: str) -> Path:
    """Return the file or folder that a user means; published weights are fetched if need be."""
    weights = published(initial)
    return Path(initial) if weights is None else locate(weights)


def _files(task: Task, source: Path) -> dict[str, Path]:
    """Return the files of a run, or of what `save_pretrained` wrote, that hold its networks."""
    single = source / WEIGHTS_NAME if (source / WEIGHTS_NAME).is_file() else source
    if single.is_file():
        return {next(iter(task.products())): single}
    files = {name: source / f"{name}.safetensors" for name in task.products()}
    found = {name: path for name, path in files.items() if path.is_file()}
    needed = next(iter(files))
    if needed not in found:
        raise WeightsNotFoundError(
            f"{source}: there is no {needed}.safetensors. Name the folder of a finished run, a "
            f"file of weights, or published ones: {listed(list(shipped_weights()))}."
        )
    return found


def _options(path: Path | None) -> str:
    """Return the options that choose the encoder of a file, as far as the file says."""
    info = None if path is None else read_info(path)
    if info is None:
        return "--set task.encoder.architecture=NAME"
    chosen = {f"arguments.{name}": value for name, value in info.arch_args.items()}
    settings = {"architecture": info.architecture, **chosen}
    return " ".join(f"--set task.encoder.{name}={value}" for name, value in settings.items())


@torch.no_grad()
def _load(
    encoder: nn.Module, tensors: Mapping[str, Tensor], path: Path | None, fresh: Sequence[str]
) -> None:
    """Copy what an encoder has in common with the weights: all of its trunk, and its head.

    A part of the head that does not fit as a whole stays random as a whole.

    Where the weights are those of a shallower network, the blocks it lacks begin as identities, so
    that the deeper one computes what the shallower did (as in Net2Net, arXiv:1511.05641).
    """
    added = _added_blocks(encoder, tensors)
    for block in added.values():
        block.silence()
    targets = {
        name: target
        for name, target in encoder.state_dict().items()
        if not name.startswith((*fresh, *added))
    }
    fitting = [name for name in targets if name in tensors and fits(tensors[name], targets[name])]
    missing = [name for name in targets if name not in fitting and not name.startswith(HEAD)]
    unlike = tuple(
        start for start in HEAD if any(n.startswith(start) for n in targets if n not in fitting)
    )
    if missing:
        first = tensors.get(missing[0])
        held = "which they do not have" if first is None else f"which is {describe(first)} there"
        raise WeightsFormatError(
            f"{path or IMAGENETS}: they are of another network. Of the {len(targets)} tensors of "
            f"the encoder they lack {len(missing)}: {listed(missing)}, {held}. Choose other "
            f"weights, or the encoder they were made for with {_options(path)}."
        )
    for name in fitting:
        if not name.startswith(unlike):
            targets[name].copy_(tensors[name])


def _added_blocks(
    encoder: nn.Module, tensors: Mapping[str, Tensor]
) -> dict[str, BasicBlock | Bottleneck]:
    """Return the blocks that the weights lack, of stages whose first block they have."""
    blocks = {
        f"{name}.": module
        for name, module in encoder.named_modules()
        if isinstance(module, BasicBlock | Bottleneck)
    }
    held = {start for start in blocks if any(name.startswith(start) for name in tensors)}
    return {
        start: block
        for start, block in blocks.items()
        if start not in held and f"{start.split('.')[0]}.0." in held
    }
