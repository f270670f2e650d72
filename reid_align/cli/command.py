"""Command parser, exit codes and error handling of all commands."""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence

from reid_align.cli.advice import Advice, with_advice
from reid_align.cli.store_once import StoreOnce
from reid_align.errors import DatasetWarning, InvalidInputError, ReidAlignError, UnknownNameError

OK, FAILURE, USAGE, SOME_FAILED, INTERRUPTED = 0, 1, 2, 3, 130


def command_parser(
    verb: str, description: str, *, skips_images: bool = False
) -> argparse.ArgumentParser:
    """Return the parser of a command without its options; it refuses options given twice.

    Args:
        verb: name of the command.
        description: help text; line breaks are kept.
        skips_images: the command can skip unreadable images, which has its own exit code.
    """
    some_failed = f"{SOME_FAILED} done but some images failed, " if skips_images else ""
    parser = argparse.ArgumentParser(
        f"python -m reid_align.{verb}",
        description=description,
        epilog=f"exit codes: {OK} done, {FAILURE} failed, {USAGE} wrong usage, {some_failed}"
        f"{INTERRUPTED} interrupted",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for action in (None, "store"):
        parser.register("action", action, StoreOnce)
    return parser


def run(
    parser: argparse.ArgumentParser,
    command: Callable[[argparse.Namespace], int],
    argv: Sequence[str] | None,
    after_interrupt: str = "nothing was written",
    advice: Advice | None = None,
) -> int:
    """Parse ``argv``, run the command and return its exit code.

    Prints an error of the library as one line on standard error; ``--debug`` shows the traceback.

    Args:
        parser: parser of the command.
        command: function that takes the parsed arguments and returns an exit code.
        argv: arguments; default: those of the process.
        after_interrupt: state after Ctrl-C, for the message.
        advice: for each error class, the options that solve the error.
    """
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    args = parser.parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _print_warnings_of(parser.prog, warnings.showwarning)
            code = command(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return close_quietly()
    except ReidAlignError as error:
        if args.debug:
            raise
        print(f"{parser.prog}: error: {with_advice(error, advice or {})}", file=sys.stderr)
        return USAGE if isinstance(error, InvalidInputError | UnknownNameError) else FAILURE
    except KeyboardInterrupt as error:
        # The message of the error, if any, says what was saved.
        details = "; ".join(filter(None, ["interrupted", str(error), after_interrupt]))
        print(f"{parser.prog}: {details}", file=sys.stderr)
        return INTERRUPTED


def _print_warnings_of(prog: str, show: Callable[..., None]) -> Callable[..., None]:
    """Return a ``warnings.showwarning`` that prints a DatasetWarning as one line."""

    def print_warning(message: Warning | str, category: type[Warning], *where: object) -> None:
        if issubclass(category, DatasetWarning):
            print(f"{prog}: warning: {message}", file=sys.stderr)
        else:
            show(message, category, *where)

    return print_warning


def close_quietly() -> int:
    """Redirect standard output to the null device after a broken pipe; return an exit code."""
    # Otherwise Python reports an error when it flushes standard output at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILURE
