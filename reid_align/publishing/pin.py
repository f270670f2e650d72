"""From a commit on the Hub to an entry of the manifest, by way of a download."""

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
    """List what a commit on the Hub holds, after everybody's download of it was tried.

    The folder is built again and compared with what comes back: the same sha256, the same config,
    and the encoder computes the same features.

    Args:
        publication: what was pushed.
        repo_id: where to; it has to be public, because users have no token.
        revision: the commit, 40 hex digits.
        update: how it gets into the manifest.

    Returns:
        The entry.

    Raises:
        InvalidInputError: the repository is private or gated, ``revision`` is no commit, or the
            name is taken, also by weights inside the package.
        WeightsIntegrityError: what comes back is not what was built; nothing is listed.
        WeightsError: it cannot be downloaded.
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
    """Ask as somebody without a token does."""
    from huggingface_hub import HfApi

    api = HfApi(library_name=LIBRARY, library_version=__version__, token=False)
    advice = "Users could not load the weights by name. Open it on its page, then pin the commit."
    try:
        with hub_errors(f"{repo_id}, looked at without a token", repo_id, OutputError):
            gated = api.model_info(repo_id).gated
    except WeightsAccessError as error:
        raise InvalidInputError(f"{repo_id} is private, or not there. {advice}") from error
    if gated:
        raise InvalidInputError(f"{repo_id} is gated. {advice}")


def _check_config(found: RepositoryConfig, expected: RepositoryConfig, repo_id: str) -> None:
    """Compare two configs but for the version that wrote them."""
    if dataclasses.replace(found, library_version=expected.library_version) != expected:
        raise WeightsIntegrityError(
            f"{repo_id}: its {CONFIG_NAME} is not the one that these weights have. Push the folder "
            "that build writes, and pin that commit."
        )
