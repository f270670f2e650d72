"""Loading encoders from files, folders and the Hub, saving them, and uploading to the Hub."""

from os import PathLike, fspath
from pathlib import Path

from reid_align.errors import WeightsFormatError
from reid_align.models.encoder import Encoder
from reid_align.models.model_factory import MODELS, create_and_load
from reid_align.weights import (
    HUB_PREFIX,
    WeightsHeader,
    find_published,
    module_fingerprint,
    open_weights_source,
    push_folder,
    write_folder,
)


def from_pretrained(source: str | PathLike[str]) -> Encoder:
    """Load an encoder, in evaluation mode.

    Args:
        source: "user/repo" or "user/repo@revision" on the Hugging Face Hub, the folder of a
            training run or its ``best`` folder, a folder written by `save_pretrained`, a
            ``.safetensors`` file of this library, or the name of published weights.

    Raises:
        UnknownNameError: this version does not have the architecture.
        WeightsError: the encoder cannot be found, read or verified.
    """
    name = fspath(source)
    local = isinstance(source, Path) or Path(name).exists() or name.endswith(".safetensors")
    known = local or find_published(source) is not None or name.startswith(HUB_PREFIX)
    return load_encoder(source if known else HUB_PREFIX + name)


def load_encoder(weights: str | PathLike[str]) -> Encoder:
    """Load an encoder from any reference of `weights_reference`, in evaluation mode.

    Unlike `from_pretrained`, it never looks up a name without "hf-hub:" on the Hub.

    Raises:
        UnknownNameError: this version does not have the architecture.
        WeightsError: the encoder cannot be found, read or verified.
    """
    found = open_weights_source(weights)
    if found.architecture is None:
        raise WeightsFormatError(
            f"{found.origin.name} does not state its architecture. Use "
            "create_model(NAME, weights=FILE)."
        )
    return create_and_load(found, found.architecture, MODELS[found.architecture], {})


def save_pretrained(
    encoder: Encoder, folder: str | PathLike[str], *, training_data: str | None = None
) -> Path:
    """Save an encoder as a folder with ``config.json`` and ``model.safetensors``.

    Both files contain architecture, arguments, preprocessing and a feature fingerprint, which is
    checked when loading. The write is atomic.

    Args:
        encoder: an encoder built by a factory of this library.
        folder: the output; it must not exist or be empty.
        training_data: description of the training data for the file header.

    Returns:
        The folder.

    Raises:
        OutputError: the folder is not empty or cannot be written.
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
    """Upload a folder written by `save_pretrained` in one commit; return the commit id.

    Args:
        folder: the folder.
        repo_id: "user/repo"; created if it does not exist.
        private: visibility of the repository.

    Raises:
        WeightsError: the folder is invalid, or the Hub denies access.
    """
    return push_folder(Path(fspath(folder)), repo_id, private=private)
