"""Build, push and pin in one go."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from reid_align.errors import ReidAlignError
from reid_align.publishing.build import build
from reid_align.publishing.entries import Listing, check_listing
from reid_align.publishing.pin import pin
from reid_align.publishing.publication import Publication
from reid_align.publishing.push import describe_push, push
from reid_align.weights import Weights


@dataclass(frozen=True)
class Place:
    """Where on the Hub a publication goes: a public repository, and the name of the commit."""

    repo_id: str
    tag: str | None


def describe_release(publication: Publication, place: Place, listing: Listing) -> str:
    """Return what `release` would do, for people, after everything that needs no network.

    Raises:
        ReidAlignError: `release` would fail for a reason that is known by now.
    """
    check_listing(listing, publication.name, bundled=False)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "built"
        build(publication, place.repo_id, folder)
        plan = describe_push(folder, place.repo_id, False, place.tag)
    default = ", as the default" if listing.default else ""
    return f"{plan}\n{listing.manifest}: the entry {publication.name}{default}"


def release(publication: Publication, place: Place, listing: Listing) -> Weights:
    """Publish an encoder to everybody, and list it.

    Where it fails after the push, the commit is there and not listed; `pin` goes on from there.

    Returns:
        The entry; its ``hub`` has the commit.

    Raises:
        ReidAlignError: as of `build`, `push` and `pin`; after the push the text names the commit
            and the command that goes on.
    """
    check_listing(listing, publication.name, bundled=False)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "built"
        build(publication, place.repo_id, folder)
        commit = push(folder, place.repo_id, False, place.tag)
    try:
        return pin(publication, place.repo_id, commit, listing)
    except ReidAlignError as error:
        # Not a new one of its type: some types are made from other arguments than their text.
        error.args = (f"{error} {_going_on(publication.name, place.repo_id, commit, listing)}",)
        raise


def _going_on(name: str, repo_id: str, commit: str, listing: Listing) -> str:
    """Say what is done by now, and with which command to go on."""
    known = ["--repo", repo_id, "--revision", commit, "--manifest", str(listing.manifest)]
    known += ["--default"] * listing.default + ["--replace"] * listing.replace
    return (
        f"The commit {commit} is in {repo_id} and not listed. Once this is mended, go on with: "
        f"python -m reid_align.publish pin {name} {shlex.join(known)} and the same --weights and "
        "--card as now."
    )
