"""Registry of encoders, and their creation by name with or without weights."""

from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature
from os import PathLike
from typing import TypeVar

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.models.encoder import Encoder
from reid_align.models.skip_init import SkipRandomInit
from reid_align.preprocess import Preprocess
from reid_align.registry import Registry
from reid_align.weights import Argument, WeightsSource, choose_weights_source, shipped_weights

# Constructors by architecture; their keyword arguments are the architecture's arguments.
MODELS: Registry[Callable[..., Encoder]] = Registry("model")
# The encoder of commands without --model and --weights.
DEFAULT_MODEL = "san_mobilenet_v2"
# By the name of each ResNet architecture, its ResNet-18 sibling.
_SMOKE_TEST: dict[str, str] = {}
E = TypeVar("E", bound=Encoder)


def create_model(
    name: str,
    pretrained: bool | str = False,
    *,
    weights: str | PathLike[str] | None = None,
    **arch_args: Argument,
) -> Encoder:
    """Build an encoder by its name, in evaluation mode.

    Args:
        name: an architecture from `list_models`, or weights from `list_weights` ("arch.tag").
        pretrained: True for the default weights, a tag for others, False for random weights.
        weights: a training run, a folder, a file or another reference to weights, instead of
            ``pretrained``.
        arch_args: arguments of the architecture; default: those of the weights.

    Raises:
        UnknownNameError: the model, the weights or an argument are unknown.
        InvalidInputError: an argument conflicts with the weights.
        WeightsError: the weights cannot be found, read or verified.
    """
    architecture, _, tag = name.partition(".")
    if tag and pretrained not in (False, True, tag):
        raise InvalidInputError(f"{name!r} with pretrained={pretrained!r}: pass only one tag.")
    constructor = MODELS[architecture]
    for argument in arch_args:
        if argument not in signature(constructor).parameters:
            known = signature(constructor).parameters
            raise UnknownNameError(f"argument of {architecture}", argument, known)
    return create_encoder(architecture, constructor, tag or pretrained, weights, arch_args)


def register_depths(encoder: Callable[..., Encoder], names: Mapping[int, str]) -> None:
    """Register one architecture per ResNet depth: ``encoder`` with that depth bound.

    Args:
        encoder: an encoder class; its first argument is the depth.
        names: architecture name by depth, with an entry for 18.

    Raises:
        DuplicateNameError: a name is taken.
    """
    for depth, name in names.items():
        MODELS.register(name)(partial(encoder, depth))
        _SMOKE_TEST[name] = names[18]


def smoke_test_architecture(architecture: str) -> str:
    """Return the architecture that stands in for another one in smoke tests.

    This is the ResNet-18 of the same family, such as ``san_resnet18`` for ``san_resnet50`` or
    ``dsa_resnet18`` for ``dsa_reid``. An architecture of a single size is returned unchanged.
    """
    return _SMOKE_TEST.get(architecture, architecture)


def list_models() -> list[str]:
    """Return the names of all architectures, sorted."""
    return list(MODELS)


def list_weights(architecture: str | None = None) -> list[str]:
    """Return the names ("arch.tag") of all published encoder weights, sorted.

    Args:
        architecture: list only weights of this architecture.

    Raises:
        UnknownNameError: the architecture is unknown.
    """
    wanted = set(MODELS if architecture is None else [architecture])
    for name in wanted:
        MODELS[name]
    published = shipped_weights().values()
    return sorted(entry.name for entry in published if entry.architecture in wanted)


def create_encoder(
    architecture: str,
    constructor: Callable[..., E],
    pretrained: bool | str,
    weights: str | PathLike[str] | None,
    arch_args: Mapping[str, Argument | None],
) -> E:
    """Construct an encoder and load weights, in evaluation mode; used by every factory.

    Args:
        architecture: its name in the registry.
        constructor: its class.
        pretrained: as for `create_model`.
        weights: as for `create_model`.
        arch_args: arguments; None selects the value of the weights or the constructor's default.

    Raises:
        InvalidInputError: the weights are for another architecture or other arguments.
        WeightsError: the weights cannot be found, read or verified.
    """
    source = choose_weights_source(architecture, pretrained, weights)
    asked = {key: value for key, value in arch_args.items() if value is not None}
    if source is None:
        return _construct(architecture, constructor, asked)
    return create_and_load(source, architecture, constructor, asked)


def create_and_load(
    source: WeightsSource,
    architecture: str,
    constructor: Callable[..., E],
    asked: Mapping[str, Argument],
) -> E:
    """Construct the encoder that the weights were made for and load them."""
    arguments = source.arguments(architecture, constructor, asked)
    with SkipRandomInit():
        encoder = _construct(architecture, constructor, arguments)
    encoder.preprocess = source.preprocess or encoder.preprocess
    encoder.origin = source.origin
    source.load(encoder)
    return encoder


def _construct(
    architecture: str, constructor: Callable[..., E], given: Mapping[str, Argument]
) -> E:
    defaults = {name: p.default for name, p in signature(constructor).parameters.items()}
    arch_args = {**defaults, **given}
    encoder = constructor(**arch_args)
    encoder.architecture, encoder.arch_args = architecture, arch_args
    encoder.preprocess = Preprocess()
    return encoder.eval()
