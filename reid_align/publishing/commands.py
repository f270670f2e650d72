"""What each command of ``python -m reid_align.publish`` does, and what it prints."""

from argparse import Namespace
from collections.abc import Callable, Mapping

from reid_align.errors import InvalidInputError
from reid_align.publishing.average import average_encoders
from reid_align.publishing.build import build as build_folder
from reid_align.publishing.bundle import bundle as bundle_weights
from reid_align.publishing.convert import convert_san
from reid_align.publishing.entries import Listing
from reid_align.publishing.pin import pin as pin_commit
from reid_align.publishing.publication import Publication, gather
from reid_align.publishing.push import describe_push
from reid_align.publishing.push import push as push_folder
from reid_align.publishing.release import Place, describe_release
from reid_align.publishing.release import release as release_weights
from reid_align.weights import find_manifest

DRY_RUN = "Nothing was sent. --yes does it."


def check(args: Namespace) -> None:
    """Look at everything that would be published."""
    print(_gather(args).summary())


def build(args: Namespace) -> None:
    """Write the folder for the Hub."""
    build_folder(_gather(args), args.repo, args.output)
    print(f"{args.output} is what goes to {args.repo}.")


def push(args: Namespace) -> None:
    """Say what would be uploaded, and upload it with --yes."""
    what = args.folder, args.repo, not args.public, args.tag
    print(describe_push(*what))
    print(f"commit {push_folder(*what)}" if args.yes else DRY_RUN)


def pin(args: Namespace) -> None:
    """List a commit in the manifest."""
    listing = _listing(args)
    entry = pin_commit(_gather(args), args.repo, args.revision, listing)
    print(f"{listing.manifest} has {entry.name}, at commit {args.revision}.")


def release(args: Namespace) -> None:
    """Say what would be built, pushed and pinned, and do it with --yes.

    Raises:
        InvalidInputError: not for everybody.
    """
    if not args.public:
        raise InvalidInputError(
            "What is listed has to be there for everybody: release with --public. For a private "
            "repository use build and push; from_pretrained loads from there."
        )
    what = _gather(args), Place(args.repo, args.tag), _listing(args)
    print(describe_release(*what))
    entry = release_weights(*what) if args.yes else None
    print(f"commit {entry.hub.revision}" if entry and entry.hub else DRY_RUN)


def bundle(args: Namespace) -> None:
    """Store weights inside the package, and list them."""
    # The package's manifest and no other: its entry and the file beside it have to agree.
    listing = Listing(default=args.default, replace=args.replace)
    entry = bundle_weights(_gather(args), listing)
    print(f"{listing.manifest} has {entry.name}, {entry.bytes:,} bytes in the package.")


def convert(args: Namespace) -> None:
    """Convert an official checkpoint, and say what came of it."""
    done = convert_san(args.checkpoint, args.output)
    print(f"encoder {done.encoder}, trained on {done.identities} people")
    print(f"decoder {done.decoder or 'none in the checkpoint'}")
    print(f"left out: {', '.join(done.dropped)}")


def average(args: Namespace) -> None:
    """Average encoders, and say of which files."""
    digests = average_encoders(args.weights, args.output)
    for source, digest in zip(args.weights, digests, strict=True):
        print(f"{source}, sha256 {digest}")
    print(f"{args.output} is their average.")


COMMANDS: Mapping[str, Callable[[Namespace], None]] = {
    command.__name__: command
    for command in (check, build, push, pin, release, bundle, convert, average)
}


def _gather(args: Namespace) -> Publication:
    cards = find_manifest().parent / "publishing" / "cards"
    return gather(args.name, args.card or cards / f"{args.name}.toml", args.weights)


def _listing(args: Namespace) -> Listing:
    return Listing(args.manifest or find_manifest(), args.default, args.replace)
