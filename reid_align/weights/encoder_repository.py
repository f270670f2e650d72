"""An encoder's repository on the Hub, or its folder: ``config.json`` and ``model.safetensors``."""

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
    """The two files of one encoder: what its config says, and where its weights are."""

    config: RepositoryConfig
    weights: Path


def fetch_repository(source: str | Path) -> RepositoryFiles:
    """Return an encoder's config and weights file, from a local folder or from the Hub.

    Both files come from one commit: a branch is resolved once. The weights file is compared with
    the length and SHA-256 in the config.

    Args:
        source: a folder; or ``user/repository`` or ``user/repository@revision``, with or without
            ``hf-hub:`` before it. A folder of that name goes first, ``hf-hub:`` passes it over.

    Raises:
        WeightsNotFoundError: it is neither a folder of ours nor in reach on the Hub.
        WeightsAccessError: the Hub refuses it.
        WeightsFormatError: the config breaks its schema; the text names the key.
        WeightsIntegrityError: the weights file is not the one of the config.
    """
    name = str(source)
    if os.path.isdir(name):
        return read_folder(Path(name))
    repo_id, _, revision = name.removeprefix(HUB_PREFIX).partition("@")
    if isinstance(source, Path) or not re.fullmatch(REPO_ID, repo_id):
        raise WeightsNotFoundError(
            f"{name}: there is no such folder, and this is no name of a repository. Give a folder "
            f"with {CONFIG_NAME} and {WEIGHTS_NAME}, or user/repository[@revision]."
        )
    config_path = fetch(repo_id, revision or DEFAULT_REVISION, CONFIG_NAME)
    config = read_repository_config(config_path)
    # The client's cache keeps files under the commit that the branch stood for.
    file = HubFile(repo_id, config_path.parent.name, WEIGHTS_NAME)
    return RepositoryFiles(config, download(file, config.bytes, config.sha256))


def read_folder(folder: Path) -> RepositoryFiles:
    """Read a local folder that ``write_folder`` wrote.

    Raises:
        WeightsNotFoundError: one of the two files is missing.
        WeightsFormatError: the config breaks its schema.
        WeightsIntegrityError: the weights file is not the one of the config.
    """
    for name in (CONFIG_NAME, WEIGHTS_NAME):
        if not (folder / name).is_file():
            raise WeightsNotFoundError(
                f"{folder}: there is no {name}. Give a folder that save_pretrained wrote."
            )
    config = read_repository_config(folder / CONFIG_NAME)
    verify_file(folder / WEIGHTS_NAME, config.bytes, config.sha256)
    return RepositoryFiles(config, folder / WEIGHTS_NAME)


def write_folder(
    module: Loadable, folder: Path, info: WeightsHeader, feature_dim: int
) -> RepositoryConfig:
    """Write an encoder as a new folder, which appears whole or not at all; return its config.

    Args:
        module: the encoder.
        folder: where to; if it is there, it must be empty.
        info: what the file says about itself; with preprocessing and fingerprint.
        feature_dim: the length of one feature vector.

    Raises:
        InvalidInputError: ``info`` lacks the preprocessing or the fingerprint.
        OutputError: the folder holds something, or cannot be written.
    """
    with new_folder(folder) as partial:
        save_tensors(module, partial / WEIGHTS_NAME, info)
        config = _describe(module, partial / WEIGHTS_NAME, info, feature_dim)
        (partial / CONFIG_NAME).write_text(config.to_json(), encoding="utf-8")
    return config


def _describe(
    module: Loadable, path: Path, info: WeightsHeader, feature_dim: int
) -> RepositoryConfig:
    """Return the config of a weights file just written."""
    if info.preprocess is None or info.fingerprint is None:
        raise InvalidInputError("An encoder's folder needs its preprocessing and its fingerprint.")
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
