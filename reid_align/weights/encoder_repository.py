"""Encoder repositories: a folder or Hub repository with config.json and model.safetensors."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from reid_align import __version__
from reid_align.errors import InvalidInputError, WeightsNotFoundError
from reid_align.files import new_folder
from reid_align.weights.checksums import sha256_of, verify_file
from reid_align.weights.fingerprint import Loadable
from reid_align.weights.hub_download import download, fetch
from reid_align.weights.manifest_records import REPO_ID, HubFile
from reid_align.weights.repository_config import RepositoryConfig, read_repository_config
from reid_align.weights.tensor_files import save_tensors
from reid_align.weights.weights_header import WeightsHeader

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
HUB_PREFIX = "hf-hub:"
DEFAULT_REVISION = "main"


@dataclass(frozen=True)
class RepositoryFiles:
    """The config of one encoder and the path of its weights."""

    config: RepositoryConfig
    weights: Path


def fetch_repository(source: str | Path) -> RepositoryFiles:
    """Return config and weights file of an encoder, from a local folder or from the Hub.

    Both files come from the same commit. The weights file is verified against the size and SHA-256
    in the config.

    Args:
        source: a folder, ``user/repository`` or ``user/repository@revision``. An existing folder of
            that name takes precedence, unless the name starts with ``hf-hub:``.

    Raises:
        WeightsNotFoundError: there is no such folder, and the Hub does not have or cannot deliver
            the files.
        WeightsAccessError: the Hub denies access.
        WeightsFormatError: the config violates its schema; the message names the key.
        WeightsIntegrityError: the weights file does not match the config.
    """
    name = str(source)
    if os.path.isdir(name):
        return read_folder(Path(name))
    repo_id, _, revision = name.removeprefix(HUB_PREFIX).partition("@")
    if isinstance(source, Path) or not re.fullmatch(REPO_ID, repo_id):
        raise WeightsNotFoundError(
            f"{name} is neither a folder nor a repository name. Pass a folder with {CONFIG_NAME} "
            f"and {WEIGHTS_NAME}, or user/repository[@revision]. Convert a single file of another "
            "library first, with python -m reid_align.convert."
        )
    config_path = fetch(repo_id, revision or DEFAULT_REVISION, CONFIG_NAME)
    config = read_repository_config(config_path)
    # huggingface_hub caches files in a folder named after the commit.
    file = HubFile(repo_id, config_path.parent.name, WEIGHTS_NAME)
    return RepositoryFiles(config, download(file, config.bytes, config.sha256))


def read_folder(folder: Path) -> RepositoryFiles:
    """Read and verify a local folder written by `write_folder`.

    Raises:
        WeightsNotFoundError: one of the two files is missing.
        WeightsFormatError: the config violates its schema.
        WeightsIntegrityError: the weights file does not match the config.
    """
    for name in (CONFIG_NAME, WEIGHTS_NAME):
        if not (folder / name).is_file():
            raise WeightsNotFoundError(
                f"{folder} has no {name}. Pass a folder written by save_pretrained."
            )
    config = read_repository_config(folder / CONFIG_NAME)
    verify_file(folder / WEIGHTS_NAME, config.bytes, config.sha256)
    return RepositoryFiles(config, folder / WEIGHTS_NAME)


def write_folder(
    module: Loadable, folder: Path, info: WeightsHeader, feature_dim: int
) -> RepositoryConfig:
    """Write an encoder as a new folder and return its config. The write is atomic.

    Args:
        module: the encoder.
        folder: the output; it must not exist or be empty.
        info: header of the weights file, with preprocessing and fingerprint.
        feature_dim: length of a feature vector.

    Raises:
        InvalidInputError: ``info`` lacks the preprocessing or the fingerprint.
        OutputError: the folder is not empty or cannot be written.
    """
    with new_folder(folder) as partial:
        save_tensors(module, partial / WEIGHTS_NAME, info)
        config = _describe(module, partial / WEIGHTS_NAME, info, feature_dim)
        (partial / CONFIG_NAME).write_text(config.to_json(), encoding="utf-8")
    return config


def _describe(
    module: Loadable, path: Path, info: WeightsHeader, feature_dim: int
) -> RepositoryConfig:
    """Return the config of a written weights file."""
    if info.preprocess is None or info.fingerprint is None:
        raise InvalidInputError("An encoder folder needs preprocessing and a fingerprint.")
    return RepositoryConfig(
        architecture=info.architecture,
        arch_args=info.arch_args,
        preprocess=info.preprocess,
        feature_dim=feature_dim,
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        fingerprint=info.fingerprint,
        library_version=__version__,
    )
