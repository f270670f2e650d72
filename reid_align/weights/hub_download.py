"""Verified downloads from the Hugging Face Hub.

Uses `huggingface_hub`, imported on first use. Its environment variables (HF_ENDPOINT, HF_HOME,
HF_TOKEN, HF_HUB_OFFLINE, …) work as it documents them.
"""

from pathlib import Path

from reid_align import __version__
from reid_align.errors import WeightsError, WeightsIntegrityError
from reid_align.progress import has_terminal, working
from reid_align.weights.checksums import verify_file
from reid_align.weights.hub_errors import hub_errors
from reid_align.weights.manifest_records import HubFile

LIBRARY = "reid_align"


def fetch(repo_id: str, revision: str, filename: str) -> Path:
    """Return a file of a repository from the cache; download it first if necessary.

    A cached file of a commit needs no request; a branch or tag needs one.

    Args:
        repo_id: ``organization/repository``.
        revision: a commit, branch or tag.
        filename: path of the file in the repository.

    Raises:
        WeightsNotFoundError: the file does not exist, or cannot be downloaded or stored.
        WeightsAccessError: the Hub denies access.
    """
    from huggingface_hub import hf_hub_download

    # On a terminal, huggingface_hub shows a bar.
    waiting = working(f"downloading {repo_id}/{filename}", visible=not has_terminal())
    with waiting, hub_errors(f"{repo_id}, revision {revision}, file {filename}", repo_id):
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
    """Return a published file after checking its size and SHA-256.

    `huggingface_hub` compares sizes only. A wrong file is removed from the cache and downloaded
    once more.

    Raises:
        WeightsNotFoundError: the file does not exist, or cannot be downloaded or stored.
        WeightsAccessError: the Hub denies access.
        WeightsIntegrityError: the second download is wrong, too.
    """
    path = fetch(file.repo_id, file.revision, file.filename)
    try:
        verify_file(path, size, sha256)
    except WeightsIntegrityError as wrong:
        path = _download_again(path, file, wrong)
        verify_file(path, size, sha256)
    return path


def _download_again(path: Path, file: HubFile, wrong: WeightsIntegrityError) -> Path:
    """Remove a wrong file from the cache and download it again."""
    try:
        _forget(path)
        return fetch(file.repo_id, file.revision, file.filename)
    except WeightsError as error:
        raise WeightsIntegrityError(
            f"{wrong} It was removed from the cache, but the new download failed: {error}"
        ) from error
    except OSError as error:
        raise WeightsIntegrityError(
            f"{wrong} It cannot be removed from the cache ({error}). Remove it manually, or set "
            "HF_HOME to a writable folder."
        ) from error


def _forget(path: Path) -> None:
    """Remove a cached file and the targets of its symlinks, as far as they are in the cache.

    A forced download would leave a link to the old content. A link may lead out of the cache; the
    file there is not ours and stays.
    """
    from huggingface_hub.constants import HF_HUB_CACHE

    cache = Path(HF_HUB_CACHE).resolve()
    while path.parent.resolve().is_relative_to(cache):
        target = path.parent / path.readlink() if path.is_symlink() else None
        path.unlink(missing_ok=True)
        if target is None:
            break
        path = target
