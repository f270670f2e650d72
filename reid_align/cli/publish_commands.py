"""Subcommands of the ``publish`` verb: each runs one publishing function and prints the result."""

import shlex
from argparse import Namespace
from collections.abc import Callable, Mapping

from reid_align.errors import InvalidInputError, ReidAlignError
from reid_align.progress import working
from reid_align.publishing import (
    HubTarget,
    ManifestUpdate,
    Publication,
    average_encoders,
    build_hub_folder,
    bundle_weights,
    describe_push,
    describe_release,
    gather_publication,
    pin_commit,
    push_hub_folder,
    release_weights,
)
from reid_align.weights import find_manifest

DRY_RUN = "Dry run: nothing was uploaded. Add --yes to upload."


def check(args: Namespace) -> None:
    """Check everything that would be published and print a summary."""
    print(_publication(args).summary())


def build(args: Namespace) -> None:
    """Write the folder for the Hub."""
    build_hub_folder(_publication(args), args.repo, args.output)
    print(f"Wrote {args.output}, ready to push to {args.repo}.")


def push(args: Namespace) -> None:
    """Print what would be uploaded; upload it with ``--yes``."""
    what = args.folder, args.repo, not args.public, args.tag
    print(describe_push(*what))
    if not args.yes:
        print(DRY_RUN)
        return
    with working("pushing"):
        commit = push_hub_folder(*what)
    print(f"commit {commit}")


def pin(args: Namespace) -> None:
    """Add a commit on the Hub to the manifest."""
    update = _manifest_update(args)
    with working("verifying"):
        entry = pin_commit(_publication(args), args.repo, args.revision, update)
    print(f"{update.manifest}: added {entry.name} at commit {args.revision}.")


def release(args: Namespace) -> None:
    """Print what would be built, pushed and pinned; do it with ``--yes``.

    Raises:
        InvalidInputError: ``--public`` is missing.
    """
    if not args.public:
        raise InvalidInputError(
            "Weights in the manifest must be public. Add --public, or use build and push for a "
            "private repository; from_pretrained loads from private repositories, too."
        )
    what = _publication(args), HubTarget(args.repo, args.tag), _manifest_update(args)
    print(describe_release(*what))
    if not args.yes:
        print(DRY_RUN)
        return
    pushed: list[str] = []
    try:
        with working("releasing"):
            release_weights(*what, on_pushed=pushed.append)
    except ReidAlignError as error:
        for commit in pushed:
            error.args = (f"{error} Command: {_pin_command(args, commit)}",)
        raise
    print(f"commit {pushed[0]}")


def bundle(args: Namespace) -> None:
    """Store weights inside the package and add them to its manifest."""
    # Always the package's own manifest: its entry must match the file in the package.
    update = ManifestUpdate(default=args.default, replace=args.replace)
    entry = bundle_weights(_publication(args), update)
    print(f"{update.manifest}: added {entry.name}, {entry.bytes:,} bytes in the package.")


def average(args: Namespace) -> None:
    """Average encoders and print the sha256 of each input file."""
    digests = average_encoders(args.weights, args.output)
    for source, digest in zip(args.weights, digests, strict=True):
        print(f"{source}, sha256 {digest}")
    print(f"Wrote the average to {args.output}.")


COMMANDS: Mapping[str, Callable[[Namespace], None]] = {
    command.__name__: command for command in (check, build, push, pin, release, bundle, average)
}


def _pin_command(args: Namespace, commit: str) -> str:
    known = ["--weights", str(args.weights), "--repo", args.repo, "--revision", commit]
    known += ["--card", str(args.card)] if args.card else []
    known += ["--manifest", str(args.manifest)] if args.manifest else []
    known += ["--default"] * args.default + ["--replace"] * args.replace
    return f"python -m reid_align.publish pin {args.name} {shlex.join(known)}"


def _publication(args: Namespace) -> Publication:
    cards = find_manifest().parent / "publishing" / "cards"
    card = args.card or cards / f"{args.name}.toml"
    return gather_publication(args.name, card, args.weights, getattr(args, "dtype", "int8"))


def _manifest_update(args: Namespace) -> ManifestUpdate:
    return ManifestUpdate(args.manifest or find_manifest(), args.default, args.replace)
