"""The average of trained encoders, which often finds better than any of them."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.models import Encoder, save_pretrained
from reid_align.models.pretrained import load_encoder
from reid_align.publishing.trained_network import find_product

PRODUCT = "encoder"
ALIKE = ("architecture", "arch_args", "preprocess")


def average_encoders(sources: Sequence[Path], folder: Path) -> tuple[str | None, ...]:
    """Average the weights and the running statistics of encoders, each of which counts alike.

    They should have been trained from one start: only then does the way from one to the other lead
    through encoders that are as good. Counters, which have no mean, are those of the first. The
    result depends on the order by rounding alone, and the folder appears whole or not at all.

    Args:
        sources: two or more, each a run's folder, its ``best``, a folder of `save_pretrained` or a
            ``.safetensors`` file; weights stored as int8 are float32 again first.
        folder: where to write; it must not exist, or be empty.

    Returns:
        The sha256 of each member's file, in their order.

    Raises:
        InvalidInputError: fewer than two, or one that is built or reads images in another way.
        WeightsError: one cannot be found, read or trusted.
        OutputError: the folder is not empty, or cannot be written.

    Source: "uniform soup" of Model soups, arXiv:2203.05482, section 2.
    """
    if len(sources) < 2:
        raise InvalidInputError(f"An average is of two or more encoders, and {len(sources)} came.")
    paths = [find_product(source, PRODUCT) for source in sources]
    encoder = load_encoder(paths[0])
    total, digests = _doubles(encoder), [encoder.origin.sha256]
    for path in paths[1:]:
        member = load_encoder(path)
        _check_alike(member, encoder, path, paths[0])
        digests.append(member.origin.sha256)
        for name, tensor in _doubles(member).items():
            total[name] += tensor
    means = {name: tensor / len(paths) for name, tensor in total.items()}
    encoder.load_state_dict({**encoder.state_dict(), **means})
    save_pretrained(encoder, folder)
    return tuple(digests)


def _doubles(encoder: Encoder) -> dict[str, Tensor]:
    """Return all that has a mean, in double precision, so that the order hardly matters."""
    state = encoder.state_dict()
    return {name: t.double() for name, t in state.items() if t.is_floating_point()}


def _check_alike(member: Encoder, first: Encoder, path: Path, first_path: Path) -> None:
    for what in ALIKE:
        found, expected = getattr(member, what), getattr(first, what)
        if found != expected:
            raise InvalidInputError(
                f"{path}: its {what} is {found}, and that of {first_path} is {expected}. Average "
                "encoders that were trained alike, from one start."
            )
