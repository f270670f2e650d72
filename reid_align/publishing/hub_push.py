"""Push of a built Hub folder, with a dry run."""

from pathlib import Path

from reid_align.errors import InvalidInputError
from reid_align.weights import push_folder
from reid_align.weights.checksums import sha256_of
from reid_align.weights.hub_upload import CARD_NAME, list_files
from reid_align.weights.manifest_records import REPO_ID, require, require_text

TAG = r"[A-Za-z0-9][A-Za-z0-9._-]*"


def describe_push(folder: Path, repo_id: str, private: bool, tag: str | None) -> str:
    """Return a text that describes what `push_hub_folder` would upload.

    Raises:
        WeightsError: the folder is incomplete.
        InvalidInputError: the model card is missing or belongs to another repository, or the tag
            is invalid.
    """
    files = _checked_files(folder, repo_id, tag)
    seen_by = "private" if private else "public"
    named = f", with the tag {tag}" if tag else ""
    lines = [f"{repo_id} ({seen_by}): {len(files)} files in one commit{named}"]
    lines += [
        f"  {path.name:<18} {path.stat().st_size:>12,} bytes  sha256 {sha256_of(path)}"
        for path in files
    ]
    return "\n".join(lines)


def push_hub_folder(folder: Path, repo_id: str, private: bool, tag: str | None) -> str:
    """Upload a folder written by `build_hub_folder` and return the commit: see `push_folder`.

    Raises:
        InvalidInputError: see `describe_push` and `push_folder`.
    """
    _checked_files(folder, repo_id, tag)
    return push_folder(folder, repo_id, private, tag)


def _checked_files(folder: Path, repo_id: str, tag: str | None) -> list[Path]:
    require_text("repository", repo_id, REPO_ID, "organization/repository")
    if tag is not None:
        require_text("tag", tag, TAG, "a name such as v1.0.0")
    files = list_files(folder)
    card = folder / CARD_NAME
    require(card.is_file(), str(folder), "none", f"a built folder with {CARD_NAME}")
    if f'from_pretrained("{repo_id}")' not in card.read_text("utf-8"):
        raise InvalidInputError(
            f"{card} was built for another repository than {repo_id}. Build the folder again for "
            f"{repo_id}."
        )
    return files
