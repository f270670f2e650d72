"""``python -m reid_align.publish``: weights on their way to people who use them."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reid_align.cli import OK, command_parser, run

DESCRIPTION = """\
Publish weights inside the package, or on the Hugging Face Hub.

  python -m reid_align.publish check san_resnet50.synth --weights runs/san/san
  python -m reid_align.publish bundle san_resnet50.synth --weights runs/san/san --default
  python -m reid_align.publish release san_resnet50.synth_full --weights runs/san/san \\
      --card publishing/cards/san_resnet50.synth.toml --repo org/san --tag v1.0.0 --public

push and release only say what they would do, until --yes. What no file of a training knows stands
in a card, publishing/cards/NAME.toml; docs/publishing.md shows one. The token is that of the
environment: HF_TOKEN, or `hf auth login`."""


PURPOSES = {
    "check": "Look at everything that would be published.",
    "build": "Write the folder for the Hub; no network.",
    "push": "Upload a folder that build wrote, in one commit.",
    "pin": "Try everybody's download of a commit, and list it in the manifest.",
    "release": "Build, push and pin in one go.",
    "bundle": "Store weights as int8 inside the package, and list them in its manifest.",
    "convert": "Convert an official SAN checkpoint into a folder that the other commands take.",
    "average": "Average encoders trained from one start, into a folder the other commands take.",
}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = command_parser("publish", DESCRIPTION)
    commands = parser.add_subparsers(
        required=True, metavar="COMMAND", title="commands", dest="command"
    )
    what, where, listing = _publication_options(), _repository_options(), _listing_options()
    sending, manifest, output = _sending_options(), _manifest_option(), _output_option()

    def add(name: str, *options: argparse.ArgumentParser) -> argparse.ArgumentParser:
        purpose = PURPOSES[name]
        return commands.add_parser(
            name, parents=options, help=purpose, description=purpose, epilog=parser.epilog
        )

    add("check", what)
    add("build", what, where, output)
    add("push", where, sending).add_argument("folder", type=Path, metavar="DIR")
    add("pin", what, where, listing, manifest).add_argument(
        "--revision", required=True, metavar="COMMIT", help="its 40 hex digits"
    )
    add("release", what, where, sending, listing, manifest)
    add("bundle", what, listing)
    add("convert", output).add_argument("checkpoint", type=Path, metavar="CHECKPOINT")
    add("average", output).add_argument(
        "weights", type=Path, nargs="+", metavar="WEIGHTS", help="two or more, as --weights takes"
    )
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
    return options


def _manifest_option() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
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


def publish(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported here so that --help answers without loading torch.
    from reid_align.publishing.commands import COMMANDS

    COMMANDS[args.command](args)
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    left = "files are whole or not there; a commit that reached the Hub stays, and pin lists it"
    return run(build_parser(), publish, argv, left)


if __name__ == "__main__":
    sys.exit(main())
