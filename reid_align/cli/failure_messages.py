"""Message and exit code of a failed command."""

from reid_align.cli.advice import Advice, with_advice
from reid_align.errors import (
    InvalidInputError,
    OutputExistsError,
    ReidAlignError,
    UnknownNameError,
)

OK, FAILURE, USAGE, SOME_FAILED, INTERRUPTED = 0, 1, 2, 3, 130

_WRONG_USAGE = (InvalidInputError, UnknownNameError, OutputExistsError)


def exit_code(error: Exception) -> int:
    """Return the exit code of a command that stopped with an error."""
    return USAGE if isinstance(error, _WRONG_USAGE) else FAILURE


def describe_failure(error: Exception, advice: Advice) -> str:
    """Return the message for an error, on one line if the error's own message is.

    Args:
        error: of the library, of the operating system, or unexpected.
        advice: for each error class, the options that solve the error.
    """
    if isinstance(error, ReidAlignError):
        return with_advice(error, advice)
    # torch.OutOfMemoryError, without importing torch.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "Out of memory. Use smaller batches or fewer workers."
    if isinstance(error, OSError) and error.strerror:
        place = f"{_shortened(error.filename)}: " if error.filename is not None else ""
        return f"{place}{error.strerror}."
    first = (str(error).strip().splitlines() or ["no message"])[0]
    return (
        f"Unexpected {type(error).__name__}: {_shortened(first)}. Rerun the command with --debug "
        "to see the traceback."
    )


def _shortened(name: object) -> str:
    text = str(name)
    return text if len(text) <= 200 else f"{text[:100]}...{text[-60:]}"
