"""Build, push and pin in one go."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

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
    check_listing(listing, publication.name)
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
        ReidAlignError: as of `build`, `push` and `pin`.
    """
    check_listing(listing, publication.name)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "built"
        build(publication, place.repo_id, folder)
        commit = push(folder, place.repo_id, False, place.tag)
    return pin(publication, place.repo_id, commit, listing)
