"""Build training heads by name, with or without weights, the same way as encoders."""

from os import PathLike

from reid_align.heads.base import HEADS, Head
from reid_align.weights import Argument, choose_source


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
        pretrained: True for the default weights, a tag for others, False for random ones, from
            torch's global generator.
        weights: a file of ours (`.safetensors`) instead.
        arguments: those of its class, `TextureDecoder` or `DsagStream`; as the weights have them
            where left out.

    Raises:
        UnknownNameError: no head, or no weights, of that name.
        InvalidInputError: a value that the head does not take, or not with these weights.
        WeightsError: the weights cannot be found, read or trusted.
    """
    constructor = HEADS[name]
    source = choose_source(name, pretrained, weights)
    if source is None:
        return constructor(**arguments)
    head = constructor(**source.arguments(name, constructor, arguments))
    source.load(head)
    return head
