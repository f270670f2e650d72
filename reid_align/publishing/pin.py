"""Verified manifest entry for a commit on the Hub."""

import dataclasses
from pathlib import Path
from tempfile import TemporaryDirectory

from reid_align import __version__
from reid_align.errors import (
    InvalidInputError,
    OutputError,
    WeightsAccessError,
    WeightsIntegrityError,
)
from reid_align.models.pretrained import load_encoder
from reid_align.publishing.hub_folder import build_hub_folder
from reid_align.publishing.manifest_entries import (
    ManifestUpdate,
    check_manifest_update,
    make_entry,
    update_manifest,
)
from reid_align.publishing.publication import Publication
from reid_align.weights import HubFile, Weights, check_fingerprint, module_fingerprint
from reid_align.weights.encoder_repository import CONFIG_NAME, WEIGHTS_NAME
from reid_align.weights.hub_download import LIBRARY, download, fetch
from reid_align.weights.hub_errors import hub_errors
from reid_align.weights.repository_config import RepositoryConfig, read_repository_config


def pin_commit(
    publication: Publication, repo_id: str, revision: str, update: ManifestUpdate
) -> Weights:
    """Add a commit on the Hub to the manifest after verifying a public download of it.

    Builds the Hub folder again and compares it with the download: SHA-256, config and feature
    fingerprint must be equal.

    Args:
        publication: the pushed publication.
        repo_id: the repository; it must be public, because users have no token.
        revision: the commit, 40 hex digits.
        update: options of the manifest entry.

    Returns:
        The manifest entry.

    Raises:
        InvalidInputError: the repository is private or gated, ``revision`` is not a commit, or the
            name is taken, possibly by weights in the package.
        WeightsIntegrityError: the download differs; the manifest is unchanged.
        WeightsError: the download failed.
        OutputError: the manifest cannot be written.
    """
    file = HubFile(repo_id, revision, WEIGHTS_NAME)
    check_manifest_update(update, publication.name, bundled=False)
    _check_public(repo_id)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "built"
        build_hub_folder(publication, repo_id, folder)
        expected = read_repository_config(folder / CONFIG_NAME)
    path = download(file, expected.bytes, expected.sha256)
    _check_config(read_repository_config(fetch(repo_id, revision, CONFIG_NAME)), expected, repo_id)
    found = module_fingerprint(load_encoder(path))
    check_fingerprint(found, expected.fingerprint, f"{repo_id}@{revision}")
    metrics = [m for result in publication.exact for m in result.metrics(publication.name, None)]
    entry = make_entry(publication, path, "float32", expected.fingerprint, metrics, hub=file)
    return update_manifest(entry, update)


def _check_public(repo_id: str) -> None:
    """Check that the repository is accessible without a token."""
    from huggingface_hub import HfApi

    api = HfApi(library_name=LIBRARY, library_version=__version__, token=False)
    advice = "Users could not load these weights. Make the repository public, then pin the commit."
    try:
        with hub_errors(f"{repo_id}, access without a token", repo_id, OutputError):
            gated = api.model_info(repo_id).gated
    except WeightsAccessError as error:
        raise InvalidInputError(f"{repo_id} is private or does not exist. {advice}") from error
    if gated:
        raise InvalidInputError(f"{repo_id} is gated. {advice}")


def _check_config(found: RepositoryConfig, expected: RepositoryConfig, repo_id: str) -> None:
    """Compare two configs except for the library version."""
    if dataclasses.replace(found, library_version=expected.library_version) != expected:
        raise WeightsIntegrityError(
            f"{repo_id}: {CONFIG_NAME} does not belong to these weights. Push the folder built "
            "from these weights, then pin the new commit."
        )
