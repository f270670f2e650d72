"""Weight averaging of trained encoders (uniform model soup)."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.models import Encoder, save_pretrained
from reid_align.models.pretrained import load_encoder
from reid_align.weights import find_network

PRODUCT = "encoder"
SHARED = ("architecture", "arch_args", "preprocess")


def average_encoders(sources: Sequence[Path], folder: Path) -> tuple[str | None, ...]:
    """Average the weights and running statistics of encoders with equal weight.

    The encoders should have been trained from the same initial weights; otherwise the average is
    not a useful encoder. Integer counters are copied from the first. The order changes the result
    by rounding only. The write is atomic.

    Args:
        sources: two or more; each a run folder, its ``best`` folder, a folder of `save_pretrained`
            or a ``.safetensors`` file. Int8 weights are converted to float32.
        folder: the output; it must not exist or be empty.

    Returns:
        The SHA-256 of each source file, in order.

    Raises:
        InvalidInputError: fewer than two sources, or they differ in architecture, arguments or
            preprocessing.
        WeightsError: a source cannot be found, read or verified.
        OutputError: the folder is not empty or cannot be written.

    Source: "uniform soup" of Model soups, arXiv:2203.05482, section 2.
    """
    if len(sources) < 2:
        raise InvalidInputError(f"An average needs at least two encoders, got {len(sources)}.")
    paths = [find_network(source, PRODUCT) for source in sources]
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
    """Return the floating-point tensors in double precision."""
    state = encoder.state_dict()
    return {name: t.double() for name, t in state.items() if t.is_floating_point()}


def _check_alike(member: Encoder, first: Encoder, path: Path, first_path: Path) -> None:
    for key in SHARED:
        found, expected = getattr(member, key), getattr(first, key)
        if found != expected:
            raise InvalidInputError(
                f"{path}: {key} is {found}, but that of {first_path} is {expected}. Average "
                "encoders of one architecture that were trained from the same initial weights."
            )
