"""Every exception that is raised on purpose: what came, what is allowed, what to do next.

Each class also derives from the builtin that a caller would expect, so that code which does not
know this library can still catch it.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class ReidAlignError(Exception):
    """Base of all errors of this library; its text is meant to be shown to a person as it is."""


class InvalidInputError(ReidAlignError, ValueError):
    """An argument has a value, a type, a shape or a range that is not accepted."""


class NotFiniteError(ReidAlignError, ArithmeticError):
    """A computation gave NaN or infinity."""


class UnknownNameError(ReidAlignError, LookupError):
    """A name is in none of the library's lists.

    Args:
        kind: what was looked up, as the sentence names it ("model", "dataset").
        name: the name that came.
        known: the names there are.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(str(name), names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        listed = ", ".join(names) if names else "none yet"
        super().__init__(f"Unknown {kind} {name!r}.{hint} Known: {listed}.")


class DuplicateNameError(ReidAlignError, ValueError):
    """A name is registered twice."""


class MissingExtraError(ReidAlignError, ImportError):
    """An optional package is needed and not installed.

    Args:
        package: the package that is missing.
        extra: the extra of this library that brings it.
        purpose: what needs it, as the start of a sentence ("Reading cuhk-03.mat").
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed. "
            f"Install it with: pip install {package} (the extra [{extra}] of this package)."
        )


class ImageReadError(ReidAlignError, OSError):
    """A file cannot be read as a image.

    Args:
        path: the file.
        reason: what is wrong with it, as a clause ("the file is empty").
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type["ImageReadError"], tuple[str, str]]:
        """Pickle with both arguments, so that the error survives a worker process."""
        return type(self), (self.path, self.reason)


class NoImagesError(ReidAlignError, FileNotFoundError):
    """The inputs hold no image at all, or do not exist."""


class OutputError(ReidAlignError, OSError):
    """An output cannot be written, continued or read back."""


class WeightsError(ReidAlignError):
    """Base of everything that can go wrong with weights."""


class ManifestError(WeightsError, ValueError):
    """The weights manifest breaks its schema; the text names the entry and the key."""


class WeightsNotFoundError(WeightsError, FileNotFoundError):
    """No file with these weights is in reach."""


class WeightsAccessError(WeightsError, PermissionError):
    """The Hub refuses the file: it is gated, private, or the token is wrong."""


class WeightsIntegrityError(WeightsError, ValueError):
    """A file is not the one that was published: its size, sha256 or fingerprint differs."""


class WeightsFormatError(WeightsError, ValueError):
    """A file is no safetensors file, or its tensors do not fit the model."""


class DatasetNotFoundError(ReidAlignError, FileNotFoundError):
    """A dataset is not where it was looked for.

    Args:
        dataset: the dataset's name.
        looked: the path that was looked at.
        expected: what should be there, as a short list of names.
        found: what is there instead.
    """

    def __init__(self, dataset: str, looked: str, expected: str, found: str) -> None:
        super().__init__(
            f"{dataset}: looked in {looked}, expected {expected}, found {found}. "
            "Pass the folder that directly holds what is expected."
        )


class DatasetFormatError(ReidAlignError, ValueError):
    """A dataset is there, but a file name, a list or a count is not what was published."""


class ProcessLostError(ReidAlignError, ConnectionError):
    """Another process of a distributed training stopped or does not answer."""


class BackendError(ReidAlignError, RuntimeError):
    """A backend cannot be built on this machine.

    Args:
        backend: its name.
        reason: what went wrong, as the library behind it says.
    """

    def __init__(self, backend: str, reason: str) -> None:
        super().__init__(
            f"backend {backend!r} cannot be built here: {reason}. Use --backend torch, which needs "
            "nothing else."
        )
