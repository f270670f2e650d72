"""A built folder on its way to the Hub: what would be sent, and sending it."""

from pathlib import Path

from reid_align.errors import InvalidInputError
from reid_align.weights import push_folder
from reid_align.weights.checksums import sha256_of
from reid_align.weights.hub_upload import CARD_NAME, list_files
from reid_align.weights.manifest_records import REPO_ID, require, require_text

TAG = r"[A-Za-z0-9][A-Za-z0-9._-]*"


def describe_push(folder: Path, repo_id: str, private: bool, tag: str | None) -> str:
    """Return what `push_hub_folder` would do, for people; nothing is sent.

    Raises:
        WeightsError: the folder is not whole.
        InvalidInputError: it has no model card, or one that is of another repository; or the tag
            is no name.
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
    """Upload a folder that `build_hub_folder` wrote, and return the commit: see `push_folder`.

    Raises:
        InvalidInputError: also as of `describe_push`.
    """
    _checked_files(folder, repo_id, tag)
    return push_folder(folder, repo_id, private, tag)


def _checked_files(folder: Path, repo_id: str, tag: str | None) -> list[Path]:
    require_text("repository", repo_id, REPO_ID, "organization/repository")
    if tag is not None:
        require_text("tag", tag, TAG, "a name such as v1.0.0")
    files = list_files(folder)
    card = folder / CARD_NAME
    require(card.is_file(), str(folder), "none", f"a folder that build wrote, with {CARD_NAME}")
    if f'from_pretrained("{repo_id}")' not in card.read_text("utf-8"):
        raise InvalidInputError(
            f"{card} does not say how to load the weights from {repo_id}: it was built for another "
            f"repository. Build it with --repo {repo_id}."
        )
    return files
