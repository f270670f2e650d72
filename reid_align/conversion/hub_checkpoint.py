"""Download of a foreign checkpoint from the Hugging Face Hub."""

import re
from os import PathLike, fspath
from pathlib import Path

from reid_align.conversion.foreign_checkpoint import SIZE_LIMIT
from reid_align.errors import WeightsFormatError, WeightsNotFoundError
from reid_align.progress import has_terminal, working
from reid_align.weights import HUB_PREFIX
from reid_align.weights.hub_download import fetch
from reid_align.weights.hub_errors import hub_errors

DEFAULT_REVISION = "main"
ADDRESS = re.compile(r"([^/@]+/[^/@]+)/([^@]+)(?:@([^@]+))?")


def locate_checkpoint(source: str | PathLike[str]) -> Path:
    """Return the path of a checkpoint; download "hf-hub:OWNER/REPOSITORY/FILE[@REVISION]" first.

    Raises:
        WeightsNotFoundError: the address is invalid, or the file cannot be downloaded.
        WeightsAccessError: the Hub denies access.
        WeightsFormatError: the file on the Hub is larger than 512 MiB; it is not downloaded.
    """
    name = fspath(source)
    if not name.startswith(HUB_PREFIX):
        return Path(name)
    address = ADDRESS.fullmatch(name.removeprefix(HUB_PREFIX))
    if address is None:
        raise WeightsNotFoundError(
            f"{name}: expected {HUB_PREFIX}OWNER/REPOSITORY/FILE, optionally with @REVISION."
        )
    repo_id, filename, revision = address[1], address[2], address[3] or DEFAULT_REVISION
    size = _size_on_hub(repo_id, filename, revision)
    if size is not None and size > SIZE_LIMIT:
        raise WeightsFormatError(
            f"{name} has {size} bytes; the limit for checkpoints is {SIZE_LIMIT}."
        )
    return fetch(repo_id, revision, filename)


def _size_on_hub(repo_id: str, filename: str, revision: str) -> int | None:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    waiting = working(f"downloading {repo_id}/{filename}", visible=not has_terminal())
    with waiting, hub_errors(f"{repo_id}, revision {revision}, file {filename}", repo_id):
        return get_hf_file_metadata(hf_hub_url(repo_id, filename, revision=revision)).size
