"""Downloads from the Hugging Face Hub by its own client, with everything checked that it does not.

The client is imported when it is needed, and left alone: HF_ENDPOINT, HF_HOME, HF_TOKEN,
HF_HUB_OFFLINE and its other variables do what its documentation says.
"""

from pathlib import Path

from reid_align import __version__
from reid_align.errors import WeightsError, WeightsIntegrityError
from reid_align.weights.checksums import verify_file
from reid_align.weights.hub_errors import hub_errors
from reid_align.weights.manifest_records import HubFile

LIBRARY = "reid_align"


def fetch(repo_id: str, revision: str, filename: str) -> Path:
    """Return a file of a repository from the cache, or download it into the cache.

    A commit that is cached costs no request; a branch or tag costs one.

    Args:
        repo_id: ``organization/repository``.
        revision: a commit, branch or tag.
        filename: the file's path in the repository.

    Raises:
        WeightsNotFoundError: there is no such file, or it cannot be reached or stored.
        WeightsAccessError: the Hub refuses it.
    """
    from huggingface_hub import hf_hub_download

    with hub_errors(f"{repo_id}, revision {revision}, file {filename}", repo_id):
        return Path(
            hf_hub_download(
                repo_id,
                filename,
                revision=revision,
                library_name=LIBRARY,
                library_version=__version__,
            )
        )


def download(file: HubFile, size: int, sha256: str) -> Path:
    """Return a published file, its length and SHA-256 checked.

    The client compares lengths only. So a file with other bytes, in the cache or fresh, is removed
    and downloaded once more; then it is an error.

    Raises:
        WeightsNotFoundError: the file is not there, or cannot be reached or stored.
        WeightsAccessError: the Hub refuses it.
        WeightsIntegrityError: what comes is not what was published.
    """
    path = fetch(file.repo_id, file.revision, file.filename)
    try:
        verify_file(path, size, sha256)
    except WeightsIntegrityError as wrong:
        path = _download_again(path, file, wrong)
        verify_file(path, size, sha256)
    return path


def _download_again(path: Path, file: HubFile, wrong: WeightsIntegrityError) -> Path:
    """Remove a wrong file from the cache and download it anew."""
    try:
        _forget(path)
        return fetch(file.repo_id, file.revision, file.filename)
    except WeightsError as error:
        raise WeightsIntegrityError(
            f"{wrong} It was removed from the cache, and cannot be downloaded again: {error}"
        ) from error
    except OSError as error:
        raise WeightsIntegrityError(
            f"{wrong} It cannot be removed from the cache ({error}): remove it yourself, or set "
            "HF_HOME to a folder that you can write to."
        ) from error


def _forget(path: Path) -> None:
    """Remove a cached file and all that its links lead to.

    Downloading by force would leave a link to the old content where the content's name changed.
    """
    while path.is_symlink():
        target = path.parent / path.readlink()
        path.unlink(missing_ok=True)
        path = target
    path.unlink(missing_ok=True)
