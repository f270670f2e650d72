"""Uploads an encoder's folder to the Hub: one commit, private unless told otherwise."""

from pathlib import Path

from reid_align import __version__
from reid_align.errors import InvalidInputError, OutputError
from reid_align.weights.hub import LIBRARY
from reid_align.weights.hub_errors import hub_errors
from reid_align.weights.repository import CONFIG_NAME, WEIGHTS_NAME, read_folder

CARD_NAME = "README.md"


def push_folder(folder: Path, repo_id: str, private: bool = True) -> str:
    """Upload a folder that ``write_folder`` wrote, and its ``README.md`` if there is one.

    The repository is made if it is not there. All files arrive in one commit.

    Args:
        folder: the folder; it is checked first, as when it is loaded.
        repo_id: ``organisation/repository``.
        private: whether only you, or your organisation, may see it.

    Returns:
        The commit, 40 hex digits: what to pin.

    Raises:
        WeightsError: the folder is not what ``read_folder`` accepts.
        WeightsAccessError: the Hub refuses it.
        InvalidInputError: it should be private, and the repository is public already.
        OutputError: the upload fails.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    read_folder(folder)
    names = [name for name in (CARD_NAME, CONFIG_NAME, WEIGHTS_NAME) if (folder / name).is_file()]
    operations = [CommitOperationAdd(name, folder / name) for name in names]
    api = HfApi(library_name=LIBRARY, library_version=__version__)
    with hub_errors(f"{repo_id}, creating it", repo_id, OutputError):
        api.create_repo(repo_id, private=private, exist_ok=True)
        is_private = api.model_info(repo_id).private
    if private and not is_private:
        raise InvalidInputError(
            f"{repo_id} is public already: what is uploaded there is public. Give the name of a "
            "private or a new repository, or private=False."
        )
    with hub_errors(f"{repo_id}, uploading to it", repo_id, OutputError):
        commit = api.create_commit(
            repo_id, operations, commit_message=f"Encoder written by reid_align {__version__}"
        )
    return commit.oid
