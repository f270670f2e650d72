"""Release on the Hub: build, push and pin in one step."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from reid_align.errors import ReidAlignError
from reid_align.publishing.hub_folder import build_hub_folder
from reid_align.publishing.hub_push import describe_push, push_hub_folder
from reid_align.publishing.manifest_entries import ManifestUpdate, check_manifest_update
from reid_align.publishing.pin import pin_commit
from reid_align.publishing.publication import Publication
from reid_align.weights import Weights


@dataclass(frozen=True)
class HubTarget:
    """Target of a release: a public repository, and an optional tag for the commit."""

    repo_id: str
    tag: str | None


def describe_release(publication: Publication, target: HubTarget, update: ManifestUpdate) -> str:
    """Return a text that describes what `release_weights` would do; runs all offline checks.

    Raises:
        ReidAlignError: `release_weights` would fail.
    """
    check_manifest_update(update, publication.name, bundled=False)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "built"
        build_hub_folder(publication, target.repo_id, folder)
        plan = describe_push(folder, target.repo_id, False, target.tag)
    default = ", as the default" if update.default else ""
    return f"{plan}\n{update.manifest}: entry {publication.name}{default}"


def release_weights(
    publication: Publication,
    target: HubTarget,
    update: ManifestUpdate,
    on_pushed: Callable[[str], None] = lambda commit: None,
) -> Weights:
    """Publish an encoder on the Hub and add it to the manifest.

    If a step after the push fails, the commit stays on the Hub; `pin_commit` then adds it to the
    manifest.

    Args:
        publication: publication of an encoder.
        target: repository and tag.
        update: options of the manifest entry.
        on_pushed: called with the commit after the push.

    Returns:
        The manifest entry; its ``hub`` has the commit.

    Raises:
        ReidAlignError: see `build_hub_folder`, `push_hub_folder` and `pin_commit`; after the push,
            the message names the commit.
    """
    check_manifest_update(update, publication.name, bundled=False)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "built"
        build_hub_folder(publication, target.repo_id, folder)
        commit = push_hub_folder(folder, target.repo_id, False, target.tag)
    on_pushed(commit)
    try:
        return pin_commit(publication, target.repo_id, commit, update)
    except ReidAlignError as error:
        # Edit the message in place: some error types cannot be rebuilt from their message.
        error.args = (
            f"{error} Commit {commit} is on {target.repo_id}, but not in {update.manifest}. Solve "
            "the problem, then pin this commit.",
        )
        raise
