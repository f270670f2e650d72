"""Creation of training heads by name, with or without weights."""

from collections.abc import Callable, Mapping
from inspect import signature
from os import PathLike
from typing import TypeVar

from reid_align.heads.training_head import HEADS, Head
from reid_align.weights import Argument, choose_weights_source

H = TypeVar("H", bound=Head)


def create_head(
    name: str,
    pretrained: bool | str = False,
    *,
    weights: str | PathLike[str] | None = None,
    **arguments: Argument,
) -> Head:
    """Build a head by its name, in training mode.

    Args:
        name: "san_decoder" or "dsag_stream".
        pretrained: True for the default weights, a tag for others, False for random weights from
            torch's global generator.
        weights: a ``.safetensors`` file of this library, instead of ``pretrained``.
        arguments: arguments of `TextureDecoder` or `DsagStream`; default: those of the weights.

    Raises:
        UnknownNameError: the head or the weights are unknown.
        InvalidInputError: an argument is invalid or conflicts with the weights.
        WeightsError: the weights cannot be found, read or verified.
    """
    return build_head(name, HEADS[name], pretrained, weights, arguments)


def build_head(
    name: str,
    constructor: Callable[..., H],
    pretrained: bool | str,
    weights: str | PathLike[str] | None,
    arguments: Mapping[str, Argument],
) -> H:
    """Construct a head, set its name and arguments, and load weights: see `create_head`."""
    source = choose_weights_source(name, pretrained, weights)
    given = arguments if source is None else source.arguments(name, constructor, arguments)
    defaults = {key: value.default for key, value in signature(constructor).parameters.items()}
    head = constructor(**given)
    head.architecture, head.arch_args = name, {**defaults, **given}
    if source is not None:
        head.origin = source.origin
        source.load(head)
    return head
