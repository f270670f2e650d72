"""Uploads an encoder's folder to the Hub: one commit, private unless told otherwise."""

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
    """Return what of a folder is uploaded: its card if there is one, its config, its weights.

    Raises:
        WeightsError: the folder is not what ``read_folder`` accepts.
    """
    read_folder(folder)
    paths = (folder / name for name in (CARD_NAME, CONFIG_NAME, WEIGHTS_NAME))
    return [path for path in paths if path.is_file()]


def push_folder(folder: Path, repo_id: str, private: bool = True, tag: str | None = None) -> str:
    """Upload a folder that ``write_folder`` wrote, and its ``README.md`` if there is one.

    The repository is made if it is not there. All files arrive in one commit, on top of what was
    there when the upload began.

    Args:
        folder: the folder; it is checked first, as when it is loaded.
        repo_id: ``organization/repository``.
        private: whether only you, or your organization, may see it.
        tag: a name for the commit, "v1.0.0"; None for none.

    Returns:
        The commit, 40 hex digits: what to pin.

    Raises:
        WeightsError: the folder is not what ``read_folder`` accepts.
        WeightsAccessError: the Hub refuses it.
        InvalidInputError: the repository is there, and is public where it should be private, or
            private where it should be public; or the tag is taken.
        OutputError: the upload fails, or somebody else committed meanwhile.
    """
    from huggingface_hub import HfApi

    files = list_files(folder)
    api = HfApi(library_name=LIBRARY, library_version=__version__)
    with hub_errors(f"{repo_id}, creating it", repo_id, OutputError):
        api.create_repo(repo_id, private=private, exist_ok=True)
        info = api.model_info(repo_id)
        tags = [] if tag is None else [ref.name for ref in api.list_repo_refs(repo_id).tags]
    _check_visibility(repo_id, private, bool(info.private))
    if tag in tags:
        raise InvalidInputError(
            f"{repo_id} has a tag {tag} already, and a tag never moves. Give the next one."
        )
    commit = _commit(api, repo_id, files, info.sha)
    if tag is not None:
        with hub_errors(f"{repo_id}, tagging the commit {commit}", repo_id, OutputError):
            api.create_tag(repo_id, tag=tag, revision=commit)
    return commit


def _check_visibility(repo_id: str, private: bool, found: bool) -> None:
    """Compare what was asked for with what an existing repository is; it stays as it is."""
    from huggingface_hub import constants

    if private and not found:
        raise InvalidInputError(
            f"{repo_id} is public already: what is uploaded there is public. Give the name of a "
            "private or a new repository, or private=False."
        )
    if found and not private:
        raise InvalidInputError(
            f"{repo_id} is private, and what is uploaded there would be, too. Open it on its page "
            f"first, {constants.ENDPOINT}/{repo_id}/settings, or give the name of a new repository."
        )


def _commit(api: "HfApi", repo_id: str, files: list[Path], parent: str | None) -> str:
    """Commit files on top of ``parent``, and return the commit."""
    from huggingface_hub import CommitOperationAdd
    from huggingface_hub.errors import HfHubHTTPError

    operations = [CommitOperationAdd(path.name, path) for path in files]
    message = f"Encoder written by reid_align {__version__}"
    with hub_errors(f"{repo_id}, uploading to it", repo_id, OutputError):
        try:
            return api.create_commit(
                repo_id, operations, commit_message=message, parent_commit=parent
            ).oid
        except HfHubHTTPError as error:
            if error.response.status_code != CONFLICT:
                raise
    raise OutputError(
        f"{repo_id}: somebody else committed to it during the upload, and nothing of ours is "
        "there. Look at what came, then push again."
    )
