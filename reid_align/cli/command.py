"""Command parser, exit codes and error handling of all commands."""

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress

from reid_align.cli.advice import Advice
from reid_align.cli.failure_messages import (
    FAILURE,
    INTERRUPTED,
    OK,
    SOME_FAILED,
    USAGE,
    describe_failure,
    exit_code,
)
from reid_align.cli.standard_streams import StandardOutputError, discard_output, standard_streams
from reid_align.cli.strict_parser import StrictParser
from reid_align.errors import DatasetWarning
from reid_align.interrupts import interrupt_on_sigterm

# A message after an interruption. Outputs are written at the end, each one atomically.
RERUN = "output files are complete or missing; rerun the command"


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
    return StrictParser(
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
    after_interrupt: str = RERUN,
    advice: Advice | None = None,
) -> int:
    """Parse ``argv``, run the command and return its exit code.

    Prints any error as one line on standard error; ``--debug`` shows the traceback. A result that
    standard output cannot take is printed on standard error.

    Args:
        parser: parser of the command.
        command: function that takes the parsed arguments and returns an exit code.
        argv: arguments; default: those of the process.
        after_interrupt: how to continue after Ctrl-C or SIGTERM, for the message.
        advice: for each error class, the options that solve the error.
    """
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    args = argparse.Namespace(debug=False)

    def parse_and_run() -> int:
        parser.parse_args(argv, args)
        return command(args)

    return report(parser.prog, parse_and_run, after_interrupt, advice, lambda: bool(args.debug))


def report(
    prog: str,
    work: Callable[[], int],
    after_interrupt: str = RERUN,
    advice: Advice | None = None,
    debug: Callable[[], bool] = lambda: False,
) -> int:
    """Run a function and return its exit code; print any error as one line on standard error.

    Args:
        prog: start of each message.
        work: function that returns an exit code.
        after_interrupt: how to continue after Ctrl-C or SIGTERM, for the message.
        advice: for each error class, the options that solve the error.
        debug: returns whether to raise errors; called after an error.

    Raises:
        SystemExit: from the parser.
    """
    with standard_streams(), interrupt_on_sigterm():
        try:
            try:
                with warnings.catch_warnings():
                    # Each image, not only the first with a warning.
                    warnings.filterwarnings("always", category=UserWarning, module=r"PIL\.")
                    warnings.showwarning = _print_warnings_of(prog, warnings.showwarning)
                    code = work()
            except SystemExit:
                sys.stdout.flush()
                raise
            sys.stdout.flush()
            return code
        except BrokenPipeError:
            discard_output(sys.stdout)
            return FAILURE
        except StandardOutputError as error:
            print(error.text.rstrip("\n"), file=sys.stderr)
            print(f"{prog}: error: {error} The output is above.", file=sys.stderr)
            return FAILURE
        except KeyboardInterrupt as error:
            # The message of the error, if any, says what was saved.
            details = "; ".join(filter(None, ["interrupted", str(error), after_interrupt]))
            print(f"{prog}: {details}", file=sys.stderr)
            return INTERRUPTED
        except Exception as error:
            with suppress(StandardOutputError, BrokenPipeError):
                sys.stdout.flush()
            if debug():
                raise
            print(f"{prog}: error: {describe_failure(error, advice or {})}", file=sys.stderr)
            return exit_code(error)


def _print_warnings_of(prog: str, show: Callable[..., None]) -> Callable[..., None]:
    """Return a ``warnings.showwarning`` that prints warnings about data as one line."""

    def print_warning(message: Warning | str, category: type[Warning], *where: object) -> None:
        if issubclass(category, DatasetWarning):
            print(f"{prog}: warning: {message}", file=sys.stderr)
        elif image := _image_being_decoded():
            print(f"{prog}: warning: {image}: {message}", file=sys.stderr)
        else:
            show(message, category, *where)

    return print_warning


def _image_being_decoded() -> str | None:
    # A command that decodes has imported this module; the others should not load NumPy for it.
    decode = sys.modules.get("reid_align.images.decode")
    return decode.image_being_decoded() if decode else None
