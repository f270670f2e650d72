"""Upload of an encoder folder to the Hugging Face Hub in one commit."""

from pathlib import Path
from typing import TYPE_CHECKING

from reid_align import __version__
from reid_align.errors import InvalidInputError, OutputError
from reid_align.weights.encoder_repository import CONFIG_NAME, WEIGHTS_NAME, read_folder
from reid_align.weights.hub_download import LIBRARY
from reid_align.weights.hub_errors import hub_errors

if TYPE_CHECKING:
    from huggingface_hub import HfApi

CARD_NAME = "README.md"
CONFLICT = 412


def list_files(folder: Path) -> list[Path]:
    """Return the files to upload: model card (if any), config and weights.

    Raises:
        WeightsError: `read_folder` refuses the folder.
    """
    read_folder(folder)
    paths = (folder / name for name in (CARD_NAME, CONFIG_NAME, WEIGHTS_NAME))
    return [path for path in paths if path.is_file()]


def push_folder(folder: Path, repo_id: str, private: bool = True, tag: str | None = None) -> str:
    """Upload a folder written by `write_folder`, with its ``README.md`` if there is one.

    Creates the repository if necessary. All files arrive in one commit; it fails if another commit
    arrives during the upload.

    Args:
        folder: the folder; it is verified first, as for loading.
        repo_id: ``organization/repository``.
        private: visibility of the repository: you and your organization, or everyone.
        tag: tag for the commit, such as "v1.0.0".

    Returns:
        The commit, 40 hex digits.

    Raises:
        WeightsError: `read_folder` refuses the folder.
        WeightsAccessError: the Hub denies access.
        InvalidInputError: the repository exists with the other visibility, or the tag exists.
        OutputError: the upload failed, or another commit arrived during it.
    """
    from huggingface_hub import HfApi

    files = list_files(folder)
    api = HfApi(library_name=LIBRARY, library_version=__version__)
    with hub_errors(f"{repo_id}, create repository", repo_id, OutputError):
        api.create_repo(repo_id, private=private, exist_ok=True)
        info = api.model_info(repo_id)
        tags = [] if tag is None else [ref.name for ref in api.list_repo_refs(repo_id).tags]
    _check_visibility(repo_id, private, bool(info.private))
    if tag in tags:
        raise InvalidInputError(
            f"{repo_id} already has the tag {tag}. Choose a new tag; tags are never moved."
        )
    commit = _commit(api, repo_id, files, info.sha)
    if tag is not None:
        with hub_errors(f"{repo_id}, tag commit {commit}", repo_id, OutputError):
            api.create_tag(repo_id, tag=tag, revision=commit)
    return commit


def _check_visibility(repo_id: str, private: bool, found: bool) -> None:
    """Check that an existing repository has the requested visibility."""
    from huggingface_hub import constants

    if private and not found:
        raise InvalidInputError(
            f"{repo_id} is public, but private=True was requested. Choose a private or new "
            "repository, or pass private=False."
        )
    if found and not private:
        raise InvalidInputError(
            f"{repo_id} is private, but private=False was requested. Make it public at "
            f"{constants.ENDPOINT}/{repo_id}/settings, or choose a new repository."
        )


def _commit(api: "HfApi", repo_id: str, files: list[Path], parent: str | None) -> str:
    """Commit files on top of ``parent`` and return the commit."""
    from huggingface_hub import CommitOperationAdd
    from huggingface_hub.errors import HfHubHTTPError

    operations = [CommitOperationAdd(path.name, path) for path in files]
    message = f"Encoder written by reid_align {__version__}"
    with hub_errors(f"{repo_id}, upload", repo_id, OutputError):
        try:
            return api.create_commit(
                repo_id, operations, commit_message=message, parent_commit=parent
            ).oid
        except HfHubHTTPError as error:
            if error.response.status_code != CONFLICT:
                raise
    raise OutputError(
        f"{repo_id}: another commit arrived during the upload, so nothing was uploaded. Check the "
        "repository, then push again."
    )
