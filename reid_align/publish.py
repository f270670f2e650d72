"""``python -m reid_align.publish``: weights on their way to people who use them."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reid_align.cli import EXIT_CODES, OK, command_parser, run
from reid_align.errors import InvalidInputError

if TYPE_CHECKING:
    from reid_align.publishing import Listing, Publication

Command = Callable[[argparse.Namespace], int]
DRY_RUN = "Nothing was sent. --yes does it."
DESCRIPTION = """\
Publish weights inside the package, or on the Hugging Face Hub.

  python -m reid_align.publish check san_resnet50.synth --weights runs/san/san
  python -m reid_align.publish bundle san_resnet50.synth --weights runs/san/san --default
  python -m reid_align.publish release san_resnet50.synth_full --weights runs/san/san \\
      --card publishing/cards/san_resnet50.synth.toml --repo org/san --tag v1.0.0 --public

push and release only say what they would do, until --yes. What no file of a training knows stands
in a card, publishing/cards/NAME.toml; docs/publishing.md shows one. The token is that of the
environment: HF_TOKEN, or `hf auth login`."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = command_parser("publish", DESCRIPTION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    what, where, listing = _publication_options(), _repository_options(), _listing_options()
    sending, output = _sending_options(), _output_option()

    def add(command: Command, *options: argparse.ArgumentParser) -> argparse.ArgumentParser:
        purpose = str(command.__doc__)
        added = commands.add_parser(
            command.__name__, parents=options, help=purpose, description=purpose, epilog=EXIT_CODES
        )
        added.set_defaults(command=command)
        return added

    add(check, what)
    add(build, what, where, output)
    add(push, where, sending).add_argument("folder", type=Path, metavar="DIR")
    add(pin, what, where, listing).add_argument(
        "--revision", required=True, metavar="COMMIT", help="its 40 hex digits"
    )
    add(release, what, where, sending, listing)
    add(bundle, what, listing)
    add(convert, output).add_argument("checkpoint", type=Path, metavar="CHECKPOINT")
    return parser


def _publication_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("name", metavar="NAME", help="architecture.tag: san_resnet50.synth")
    options.add_argument(
        "--weights",
        required=True,
        type=Path,
        metavar="WEIGHTS",
        help="the folder of a run, or its best/; a folder that save_pretrained or convert wrote; "
        "or a .safetensors file of ours",
    )
    options.add_argument(
        "--card",
        type=Path,
        metavar="FILE.toml",
        help="what to say of them; default: publishing/cards/NAME.toml beside the manifest of the "
        "package",
    )
    return options


def _repository_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--repo", required=True, metavar="ORG/NAME", help="on the Hub")
    return options


def _sending_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--tag", metavar="TAG", help="a name for the commit: v1.0.0")
    options.add_argument("--public", action="store_true", help="for everybody; default: private")
    options.add_argument("--yes", action="store_true", help="do it; default: only say what")
    return options


def _listing_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--default", action="store_true", help="let pretrained=True give these weights"
    )
    options.add_argument(
        "--replace", action="store_true", help="replace an entry of that name by other weights"
    )
    options.add_argument(
        "--manifest", type=Path, metavar="FILE", help="default: the package's weights_manifest.json"
    )
    return options


def _output_option() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "-o", "--output", required=True, type=Path, metavar="DIR", help="a new folder"
    )
    return options


def check(args: argparse.Namespace) -> int:
    """Look at everything that would be published."""
    print(_gather(args).summary())
    return OK


def build(args: argparse.Namespace) -> int:
    """Write the folder for the Hub; no network."""
    from reid_align.publishing import build as write

    write(_gather(args), args.repo, args.output)
    print(f"{args.output} is what goes to {args.repo}.")
    return OK


def push(args: argparse.Namespace) -> int:
    """Upload a folder that build wrote, in one commit."""
    from reid_align.publishing import describe_push
    from reid_align.publishing import push as upload

    print(describe_push(args.folder, args.repo, not args.public, args.tag))
    done = f"commit {upload(args.folder, args.repo, not args.public, args.tag)}" if args.yes else ""
    print(done or DRY_RUN)
    return OK


def pin(args: argparse.Namespace) -> int:
    """Try everybody's download of a commit, and list it in the manifest."""
    from reid_align.publishing import pin as list_commit

    listing = _listing(args)
    entry = list_commit(_gather(args), args.repo, args.revision, listing)
    print(f"{listing.manifest} has {entry.name}, at commit {args.revision}.")
    return OK


def release(args: argparse.Namespace) -> int:
    """Build, push and pin in one go."""
    from reid_align.publishing import Place, describe_release
    from reid_align.publishing import release as publish

    if not args.public:
        raise InvalidInputError(
            "What is listed has to be there for everybody: release with --public. For a private "
            "repository use build and push; from_pretrained loads from there."
        )
    publication, place, listing = _gather(args), Place(args.repo, args.tag), _listing(args)
    print(describe_release(publication, place, listing))
    entry = publish(publication, place, listing) if args.yes else None
    print(f"commit {entry.hub.revision}" if entry and entry.hub else DRY_RUN)
    return OK


def bundle(args: argparse.Namespace) -> int:
    """Store weights as int8 inside the package, and list them in the manifest."""
    from reid_align.publishing import bundle as store

    listing = _listing(args)
    entry = store(_gather(args), listing)
    print(f"{listing.manifest} has {entry.name}, {entry.bytes:,} bytes in the package.")
    return OK


def convert(args: argparse.Namespace) -> int:
    """Convert an official SAN checkpoint into a folder that the other commands take."""
    from reid_align.publishing import convert_san

    done = convert_san(args.checkpoint, args.output)
    print(f"encoder {done.encoder}, trained on {done.identities} people")
    print(f"decoder {done.decoder or 'none in the checkpoint'}")
    print(f"left out: {', '.join(done.dropped)}")
    return OK


def _gather(args: argparse.Namespace) -> "Publication":
    from reid_align.publishing import gather
    from reid_align.weights import find_manifest

    cards = find_manifest().parent / "publishing" / "cards"
    return gather(args.name, args.card or cards / f"{args.name}.toml", args.weights)


def _listing(args: argparse.Namespace) -> "Listing":
    from reid_align.publishing import Listing
    from reid_align.weights import find_manifest

    return Listing(args.manifest or find_manifest(), args.default, args.replace)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), lambda args: int(args.command(args)), argv)


if __name__ == "__main__":
    sys.exit(main())
