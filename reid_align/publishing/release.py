"""Build, push and pin in one go."""

import shlex
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
    """Where on the Hub a publication goes: a public repository, and the name of the commit."""

    repo_id: str
    tag: str | None


def describe_release(publication: Publication, place: HubTarget, update: ManifestUpdate) -> str:
    """Return what `release_weights` would do, for people, after everything that needs no network.

    Raises:
        ReidAlignError: `release_weights` would fail for a reason that is known by now.
    """
    check_manifest_update(update, publication.name, bundled=False)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "built"
        build_hub_folder(publication, place.repo_id, folder)
        plan = describe_push(folder, place.repo_id, False, place.tag)
    default = ", as the default" if update.default else ""
    return f"{plan}\n{update.manifest}: the entry {publication.name}{default}"


def release_weights(publication: Publication, place: HubTarget, update: ManifestUpdate) -> Weights:
    """Publish an encoder to everybody, and list it.

    Where it fails after the push, the commit is there and not listed; `pin_commit` goes on from there.

    Returns:
        The entry; its ``hub`` has the commit.

    Raises:
        ReidAlignError: as of `build_hub_folder`, `push_hub_folder` and `pin_commit`; after the push the text names the commit
            and the command that goes on.
    """
    check_manifest_update(update, publication.name, bundled=False)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "built"
        build_hub_folder(publication, place.repo_id, folder)
        commit = push_hub_folder(folder, place.repo_id, False, place.tag)
    try:
        return pin_commit(publication, place.repo_id, commit, update)
    except ReidAlignError as error:
        # Not a new one of its type: some types are made from other arguments than their text.
        error.args = (f"{error} {_going_on(publication.name, place.repo_id, commit, update)}",)
        raise


def _going_on(name: str, repo_id: str, commit: str, update: ManifestUpdate) -> str:
    """Say what is done by now, and with which command to go on."""
    known = ["--repo", repo_id, "--revision", commit, "--manifest", str(update.manifest)]
    known += ["--default"] * update.default + ["--replace"] * update.replace
    return (
        f"The commit {commit} is in {repo_id} and not listed. Once this is mended, go on with: "
        f"python -m reid_align.publish pin {name} {shlex.join(known)} and the same --weights and "
        "--card as now."
    )
