"""Anybody's encoders: from a file, a folder or the Hub, and back."""

from os import PathLike, fspath
from pathlib import Path

from reid_align.errors import WeightsFormatError
from reid_align.models.encoder import Encoder
from reid_align.models.model_factory import MODELS, fill
from reid_align.weights import (
    HUB_PREFIX,
    WeightsHeader,
    module_fingerprint,
    open_weights_source,
    push_folder,
    write_folder,
)


def from_pretrained(source: str | PathLike[str]) -> Encoder:
    """Load an encoder in our format, in evaluation mode.

    Args:
        source: "user/repo" or "user/repo@revision" on the Hugging Face Hub, a folder that
            `save_pretrained` wrote, or a single `.safetensors` file of ours.

    Raises:
        UnknownNameError: it was made for a model that this version does not have.
        WeightsError: it cannot be found, read or trusted.
    """
    name = fspath(source)
    local = isinstance(source, Path) or Path(name).exists() or name.endswith(".safetensors")
    return load_encoder(name if local or name.startswith(HUB_PREFIX) else HUB_PREFIX + name)


def load_encoder(weights: str | PathLike[str]) -> Encoder:
    """Load an encoder from a file, a folder or "hf-hub:user/repo", in evaluation mode.

    Unlike `from_pretrained` it takes a bare name for a local one, and never asks the Hub for it.

    Raises:
        UnknownNameError: it was made for a model that this version does not have.
        WeightsError: it cannot be found, read or trusted.
    """
    found = open_weights_source(weights)
    if found.architecture is None:
        raise WeightsFormatError(
            f"{found.origin.name} does not say which model it is for. Name it: "
            "create_model(NAME, weights=FILE), or --model NAME --weights FILE."
        )
    return fill(found, found.architecture, MODELS[found.architecture], {})


def save_pretrained(
    encoder: Encoder, folder: str | PathLike[str], *, training_data: str | None = None
) -> Path:
    """Write an encoder as a folder with ``config.json`` and ``model.safetensors``.

    Both files say what the encoder is and what features it gives for a fixed input, which is
    checked when they are loaded. The folder appears whole or not at all.

    Args:
        encoder: any encoder that a factory built, fine-tuned or not.
        folder: where to write; it must not exist, or be empty.
        training_data: what it was trained on, in a sentence for people.

    Returns:
        The folder.

    Raises:
        OutputError: the folder is not empty, or cannot be written.
    """
    info = WeightsHeader(
        encoder.architecture,
        dict(encoder.arch_args),
        encoder.preprocess,
        module_fingerprint(encoder),
        training_data,
    )
    write_folder(encoder, Path(fspath(folder)), info, encoder.feature_dim)
    return Path(fspath(folder))


def push_to_hub(folder: str | PathLike[str], repo_id: str, *, private: bool = True) -> str:
    """Upload a folder that `save_pretrained` wrote, in one commit, and return the commit's id.

    Args:
        folder: the folder.
        repo_id: "user/repo"; made if it is not there.
        private: whether a repository that is made is private.

    Raises:
        WeightsError: the folder is no such folder, or the Hub refuses.
    """
    return push_folder(Path(fspath(folder)), repo_id, private=private)
