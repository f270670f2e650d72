"""The ``publish`` verb: publishes weights inside the package or on the Hugging Face Hub."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reid_align.cli import OK, StrictParser, command_parser, run

DESCRIPTION = """\
Publish weights inside the package or on the Hugging Face Hub.

  python -m reid_align.publish check san_resnet50.synth --weights runs/san/san
  python -m reid_align.publish bundle san_resnet50.synth --weights runs/san/san --default
  python -m reid_align.publish release san_resnet50.synth_full --weights runs/san/san \\
      --card publishing/cards/san_resnet50.synth.toml --repo org/san --tag v1.0.0 --public

push and release are dry runs without --yes. A card file, publishing/cards/NAME.toml, holds what no
training file knows; docs/guides/publish.md describes it. The Hub token comes from HF_TOKEN or
`hf auth login`."""


# Former commands, with the command that replaced them.
MOVED = {
    "convert": "python -m reid_align.convert CHECKPOINT -o FOLDER",
    "imagenet": "python -m reid_align.convert imagenet:MODEL -o FOLDER",
}
PURPOSES = {
    "check": "Check everything that would be published.",
    "build": "Write the Hub folder; works offline.",
    "push": "Upload a built folder in one commit.",
    "pin": "Verify a public download of a commit and add it to the manifest.",
    "release": "Build, push and pin in one step.",
    "bundle": "Store weights inside the package and add them to its manifest.",
    "average": "Average encoders trained from the same initial weights.",
}


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    parser = command_parser("publish", DESCRIPTION)
    commands = parser.add_subparsers(
        required=True, metavar="COMMAND", title="commands", dest="command"
    )
    publication, repository = _publication_options(), _repository_options()
    upload, entry = _upload_options(), _entry_options()
    manifest, output = _manifest_option(), _output_option()

    def add(name: str, *options: argparse.ArgumentParser) -> argparse.ArgumentParser:
        purpose = PURPOSES[name]
        return commands.add_parser(
            name, parents=options, help=purpose, description=purpose, epilog=parser.epilog
        )

    add("check", publication)
    add("build", publication, repository, output)
    add("push", repository, upload).add_argument("folder", type=Path, metavar="DIR")
    add("pin", publication, repository, entry, manifest).add_argument(
        "--revision", required=True, metavar="COMMIT", help="40 hex digits"
    )
    add("release", publication, repository, upload, entry, manifest)
    add("bundle", publication, entry).add_argument(
        "--dtype",
        choices=("int8", "float16"),
        default="int8",
        help="dtype of the stored weights; norms stay in float32; default: %(default)s",
    )
    add("average", output).add_argument(
        "weights",
        type=Path,
        nargs="+",
        metavar="WEIGHTS",
        help="two or more, as for --weights",
    )
    return parser


def _publication_options() -> argparse.ArgumentParser:
    options = StrictParser(add_help=False)
    options.add_argument("name", metavar="NAME", help="ARCHITECTURE.TAG: san_resnet50.synth")
    options.add_argument(
        "--weights",
        required=True,
        type=Path,
        metavar="WEIGHTS",
        help="run folder or its best/ folder; folder written by save_pretrained or convert; or "
        ".safetensors file",
    )
    options.add_argument(
        "--card",
        type=Path,
        metavar="FILE.toml",
        help="card file; default: publishing/cards/NAME.toml in the folder of the package's "
        "manifest",
    )
    return options


def _repository_options() -> argparse.ArgumentParser:
    options = StrictParser(add_help=False)
    options.add_argument("--repo", required=True, metavar="ORG/NAME", help="repository on the Hub")
    return options


def _upload_options() -> argparse.ArgumentParser:
    options = StrictParser(add_help=False)
    options.add_argument("--tag", metavar="TAG", help="tag for the commit, such as v1.0.0")
    options.add_argument(
        "--public", action="store_true", help="public repository; default: private"
    )
    options.add_argument("--yes", action="store_true", help="upload; default: dry run")
    return options


def _entry_options() -> argparse.ArgumentParser:
    options = StrictParser(add_help=False)
    options.add_argument(
        "--default", action="store_true", help="make these weights the default of pretrained=True"
    )
    options.add_argument(
        "--replace", action="store_true", help="replace an existing entry of that name"
    )
    return options


def _manifest_option() -> argparse.ArgumentParser:
    options = StrictParser(add_help=False)
    options.add_argument(
        "--manifest",
        type=Path,
        metavar="FILE",
        help="default: the manifest of the package",
    )
    return options


def _output_option() -> argparse.ArgumentParser:
    options = StrictParser(add_help=False)
    options.add_argument(
        "-o", "--output", required=True, type=Path, metavar="DIR", help="new folder"
    )
    return options


def publish(args: argparse.Namespace) -> int:
    """Run the subcommand and return the exit code."""
    # Imported late, because --help should not load torch.
    from reid_align.cli.publish_commands import COMMANDS

    COMMANDS[args.command](args)
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return the exit code."""
    parser, arguments = build_parser(), list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in MOVED:
        parser.error(f"publish {arguments[0]} is now: {MOVED[arguments[0]]}")
    after_interrupt = "no partial files were written; a commit on the Hub stays and can be pinned"
    return run(parser, publish, arguments, after_interrupt)


if __name__ == "__main__":
    sys.exit(main())
