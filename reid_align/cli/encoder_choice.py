"""Encoder selected by ``--model`` and ``--weights``."""

import torch

from reid_align.errors import InvalidInputError
from reid_align.inference.exported import is_exported, open_exported
from reid_align.models import create_model, from_pretrained
from reid_align.models.encoder import Encoder
from reid_align.models.model_factory import DEFAULT_MODEL
from reid_align.models.pretrained import load_encoder
from reid_align.weights import Origin

RANDOM = "random"


def select_encoder(model: str | None, weights: str | None, seed: int = 0) -> Encoder:
    """Build the encoder that ``--model`` and ``--weights`` select, in evaluation mode.

    Args:
        model: an architecture, "arch.tag", a repository "user/repo", or an exported file; default:
            the model that the weights were made for, else `DEFAULT_MODEL`.
        weights: a training run, a folder, a file, the name of published weights,
            "hf-hub:user/repo", or "random"; default: the model's published weights.
        seed: seed of random weights, at least 0.

    Raises:
        InvalidInputError: the weights were made for another model, or an exported file is given
            together with the other option.
    """
    for name, other in ((model, weights), (weights, model)):
        if name is not None and is_exported(name):
            if other is not None:
                raise InvalidInputError(
                    f"{name} is an exported model and contains its weights. Give it with --model, "
                    f"and leave out {other}."
                )
            return open_exported(name)
    if weights == RANDOM:
        return _random_encoder(model or DEFAULT_MODEL, seed)
    if weights is not None:
        return create_model(model, weights=weights) if model else load_encoder(weights)
    if model is not None and "/" in model:
        return from_pretrained(model)
    return create_model(model or DEFAULT_MODEL, pretrained=True)


def _random_encoder(model: str, seed: int) -> Encoder:
    if not 0 <= seed < 2**63:
        raise InvalidInputError(f"--seed {seed}: give a number from 0 to {2**63 - 1}.")
    torch.manual_seed(seed)
    encoder = create_model(model)
    encoder.origin = Origin(f"random, seed {seed}")
    return encoder
