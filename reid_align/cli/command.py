"""What all commands share: exit codes, and errors in one line."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from reid_align.errors import InvalidInputError, ReidAlignError, UnknownNameError

OK, FAILURE, USAGE, SOME_FAILED, INTERRUPTED = 0, 1, 2, 3, 130


def command_parser(
    verb: str, description: str, *, skips_images: bool = False
) -> argparse.ArgumentParser:
    """Return the parser of a command without its options.

    Args:
        verb: the command's name.
        description: what it does; its lines stay lines.
        skips_images: it may go on after an image that cannot be read, for which there is a code.
    """
    some_failed = f"{SOME_FAILED} done but some images failed, " if skips_images else ""
    return argparse.ArgumentParser(
        f"python -m reid_align.{verb}",
        description=description,
        epilog=f"exit codes: {OK} done, {FAILURE} failed, {USAGE} wrong usage, {some_failed}"
        f"{INTERRUPTED} interrupted",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run(
    parser: argparse.ArgumentParser,
    command: Callable[[argparse.Namespace], int],
    argv: Sequence[str] | None,
    after_interrupt: str = "nothing was written",
) -> int:
    """Parse ``argv``, run the command and return its exit code.

    Errors of this library become one line on standard error; ``--debug`` shows where they arose.

    Args:
        parser: the command's parser.
        command: what to run on the parsed arguments; returns an exit code.
        argv: the arguments; None is those of the process.
        after_interrupt: what Ctrl-C leaves, for the line that is printed then.
    """
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    args = parser.parse_args(argv)
    try:
        code = command(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return close_quietly()
    except ReidAlignError as error:
        if args.debug:
            raise
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return USAGE if isinstance(error, InvalidInputError | UnknownNameError) else FAILURE
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted; {after_interrupt}", file=sys.stderr)
        return INTERRUPTED


def close_quietly() -> int:
    """Stop writing to a reader that went away, such as ``head``, and return an exit code."""
    # Python would complain when it flushes standard output at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILURE
