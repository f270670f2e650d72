"""Exceptions of the library.

Each class also derives from the matching builtin exception. Messages name what was given, what is
allowed and what to do next; `reid_align.cli` adds advice about command-line options.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class ReidAlignError(Exception):
    """Base of all errors of this library; the message is meant for users."""


class InvalidInputError(ReidAlignError, ValueError):
    """An argument has an invalid type, value, shape or range."""


class DeviceNotFoundError(InvalidInputError):
    """The machine does not have the requested device."""


class UnsupportedComputeError(InvalidInputError):
    """The device or the backend does not support the requested dtype or device."""


class MixedFeaturesError(InvalidInputError):
    """Features of different encoders or options cannot be compared."""


class TooFewPairsError(InvalidInputError):
    """There are too few labeled pairs to calibrate."""


class RateNotMeasurableError(TooFewPairsError):
    """A false match rate is too low for the number of pairs of different identities."""


class EncoderUnavailableError(InvalidInputError):
    """The encoder of given features cannot be loaded."""


class NoCalibrationError(InvalidInputError):
    """There is no calibration for an encoder."""


class FailedImagesError(InvalidInputError):
    """Images have no features because they could not be read."""


class NotFiniteError(ReidAlignError, ArithmeticError):
    """Weights or results contain NaN or infinity."""


class UnknownNameError(ReidAlignError, LookupError):
    """A name is not registered.

    Args:
        kind: kind of name, as shown in the message ("model", "dataset").
        name: the unknown name.
        known: all valid names.
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
    """An optional package is not installed.

    Args:
        package: the missing package.
        extra: the extra of this library that includes it.
        purpose: subject of the message ("Reading cuhk-03.mat").
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed. "
            f"Install it with: pip install {package} (included in the extra [{extra}])."
        )


class ImageReadError(ReidAlignError, OSError):
    """An image cannot be read.

    Args:
        path: the file, or the name of an image in memory.
        reason: why, as a clause ("the file is empty").
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type["ImageReadError"], tuple[str, str]]:
        """Keep both arguments when pickled by a worker process."""
        return type(self), (self.path, self.reason)


class StorageError(ReidAlignError, ConnectionError):
    """A remote storage cannot be reached, or denies access.

    Args:
        url: the address.
        reason: message of the storage's client.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"Cannot access {url}: {reason.rstrip('.')}. Check the address, the network and the "
            "credentials."
        )
        self.url, self.reason = url, reason

    def __reduce__(self) -> tuple[type["StorageError"], tuple[str, str]]:
        """Keep both arguments when pickled by a worker process."""
        return type(self), (self.url, self.reason)


class NoImagesError(ReidAlignError, FileNotFoundError):
    """The inputs contain no image, or do not exist."""


class OutputError(ReidAlignError, OSError):
    """An output cannot be written, resumed or read back."""


class OutputExistsError(OutputError):
    """An output exists and would be replaced."""


class EvaluationChangedError(OutputError):
    """A run was scored on another evaluation dataset."""


class UnfinishedOutputError(OutputError):
    """The output is unfinished; its finished part is kept and can be resumed."""


class WeightsError(ReidAlignError):
    """Base of all errors about weights."""


class ManifestError(WeightsError, ValueError):
    """The weights manifest violates its schema; the message names the entry and the key."""


class WeightsNotFoundError(WeightsError, FileNotFoundError):
    """The weights are not found locally and cannot be downloaded."""


class WeightsAccessError(WeightsError, PermissionError):
    """The Hub denies access: the repository is gated or private, or the token is wrong."""


class WeightsIntegrityError(WeightsError, ValueError):
    """A file differs from the published one in size, sha256 or feature fingerprint."""


class WeightsFormatError(WeightsError, ValueError):
    """A file is not a safetensors file, or its tensors do not match the model."""


class DatasetNotFoundError(ReidAlignError, FileNotFoundError):
    """A dataset is not found at the given path.

    Args:
        dataset: name of the dataset.
        looked: path that was searched.
        expected: file or folder names that should be there.
        found: what is there instead.
        advice: what to do next.
    """

    def __init__(
        self,
        dataset: str,
        looked: str,
        expected: str,
        found: str,
        advice: str = "Pass the folder that directly contains the expected files.",
    ) -> None:
        super().__init__(
            f"{dataset}: looked in {looked}, expected {expected}, found {found}. {advice}"
        )


class DatasetFormatError(ReidAlignError, ValueError):
    """A dataset has an unexpected file name, list or image count."""


class DatasetOptionError(InvalidInputError):
    """An option of a dataset is unknown, missing or invalid."""


class UnmatchedFeaturesError(InvalidInputError):
    """Images of a dataset have no features."""


class DatasetWarning(UserWarning):
    """A dataset makes its scores too high, or a gallery differs from its record."""


class ProcessLostError(ReidAlignError, ConnectionError):
    """Another process of a distributed training stopped or does not respond."""


class ForkedProcessError(ReidAlignError, RuntimeError):
    """An object that was used before a fork cannot be used in the forked process."""


class WorkerProcessError(ReidAlignError, RuntimeError):
    """Worker processes cannot be started, or one of them was killed."""


class BackendError(ReidAlignError, RuntimeError):
    """A backend cannot be built on this machine.

    Args:
        backend: name of the backend.
        reason: message of the underlying library.
    """

    def __init__(self, backend: str, reason: str) -> None:
        super().__init__(
            f"Backend {backend!r} cannot be built on this machine: {reason}. Backend 'torch' has "
            "no further requirements."
        )


class ExportError(ReidAlignError, RuntimeError):
    """An encoder cannot be exported.

    Args:
        architecture: of the encoder.
        form: the format.
        reason: error of the exporter.
    """

    def __init__(self, architecture: str, form: str, reason: Exception) -> None:
        first = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
        super().__init__(f"{architecture} cannot be exported to {form}: {first}")


class ExportCheckError(ReidAlignError, ArithmeticError):
    """An exported model gives other features than its encoder."""
