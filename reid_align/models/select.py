"""The encoder that a command line names."""

import torch

from reid_align.errors import InvalidInputError
from reid_align.models.encoder import Encoder
from reid_align.models.factory import create_model
from reid_align.models.pretrained import from_pretrained, load_encoder
from reid_align.weights import Origin

DEFAULT_MODEL = "san_resnet50"
RANDOM = "random"


def select_encoder(model: str | None, weights: str | None, seed: int = 0) -> Encoder:
    """Build the encoder that ``--model`` and ``--weights`` name, in evaluation mode.

    Args:
        model: an architecture, "arch.tag", or a repository "user/repo"; None leaves it to the
            weights.
        weights: a file, a folder, "hf-hub:user/repo", "random", or None for the model's published
            weights.
        seed: of random weights, from 0.

    Raises:
        UnknownNameError: no model, or no weights, of that name.
        InvalidInputError: the weights were made for another model.
        WeightsError: the weights cannot be found, read or trusted.
    """
    if weights == RANDOM:
        return _random_encoder(model or DEFAULT_MODEL, seed)
    if weights is not None:
        return create_model(model, weights=weights) if model else load_encoder(weights)
    if model is not None and "/" in model:
        return from_pretrained(model)
    return create_model(model or DEFAULT_MODEL, pretrained=True)


def _random_encoder(model: str, seed: int) -> Encoder:
    if not 0 <= seed < 2**63:
        raise InvalidInputError(f"Seed {seed}: give a number from 0 to {2**63 - 1}.")
    torch.manual_seed(seed)
    encoder = create_model(model)
    encoder.origin = Origin(f"random, seed {seed}")
    return encoder
