"""What is known about published weights: one frozen record for one entry of the manifest."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reid_align.errors import InvalidInputError
from reid_align.preprocess import Preprocess
from reid_align.weights.fingerprint import FINGERPRINT_LENGTH

NetworkKind = Literal["encoder", "estimator", "head"]
StorageDtype = Literal["float32", "float16", "bfloat16", "int8"]
Argument = bool | int | float | str
# Which kinds of network read images, and which of them give feature vectors.
HAVE: Mapping[str, tuple[NetworkKind, ...]] = {
    "feature_dim": ("encoder",),
    "preprocess": ("encoder", "estimator"),
}

COMMIT = r"[0-9a-f]{40}"
SHA256 = r"[0-9a-f]{64}"
FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors"
REPO_ID = r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*"
NAME = r"[A-Za-z0-9][A-Za-z0-9_-]*\.[A-Za-z0-9][A-Za-z0-9._-]*"


def require(valid: bool, key: str, value: object, allowed: str) -> None:
    """Raise InvalidInputError with the key, what came and what is allowed, unless ``valid``."""
    if not valid:
        raise InvalidInputError(f"{key}: expected {allowed}, got {value!r}")


def require_text(key: str, value: str, pattern: str, allowed: str) -> None:
    """Require that the whole text matches a regular expression."""
    require(re.fullmatch(pattern, value) is not None, key, value, allowed)


def require_arguments(arguments: Mapping[str, Argument]) -> None:
    """Require that ``arch_args`` are plain values, so that JSON keeps them as they are."""
    for name, value in arguments.items():
        plain = isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
        require(name.isidentifier(), "arch_args", name, "names of arguments")
        require(plain, f"arch_args: {name}", value, "true, false, a finite number or a text")


def require_fingerprint(values: tuple[float, ...] | None) -> None:
    """Require that a fingerprint, if there is one, has the length of a fingerprint."""
    if values is not None:
        fits = len(values) == FINGERPRINT_LENGTH and all(map(math.isfinite, values))
        require(fits, "fingerprint", values, f"{FINGERPRINT_LENGTH} finite numbers")


@dataclass(frozen=True)
class HubFile:
    """One file in one commit of a repository on the Hub: always the same bytes."""

    repo_id: str
    revision: str
    filename: str

    def __post_init__(self) -> None:
        require_text("repo_id", self.repo_id, REPO_ID, "organization/repository")
        require_text("revision", self.revision, COMMIT, "the 40 hex digits of a commit")
        require_text("filename", self.filename, FILE_NAME, "a plain name ending in .safetensors")


@dataclass(frozen=True)
class TrainingData:
    """A set of images the weights were trained on, and the terms it may be used on."""

    name: str
    terms: str
    synthetic: bool


@dataclass(frozen=True)
class TrainingRecipe:
    """How to train the weights again: command, source commit, seed; ``cost`` in words for people.

    The cost is the machine and its hours: "14 hours on 2 cores of an x86-64 server, no GPU".
    """

    name: str
    command: str
    commit: str
    seed: int
    cost: str

    def __post_init__(self) -> None:
        require_text("commit", self.commit, COMMIT, "the 40 hex digits of a commit")
        require(self.seed >= 0, "seed", self.seed, "a number from 0")


@dataclass(frozen=True)
class Metrics:
    """MeasuredResult accuracy on one dataset under one protocol, in percent, and what measures it.

    ``note`` is a sentence on what else a reader has to know of the figures, such as the size of the
    images if it is not the dataset's own.
    """

    dataset: str
    protocol: str
    rank1: float
    mAP: float
    command: str
    note: str | None = None

    def __post_init__(self) -> None:
        require(0 <= self.rank1 <= 100, "rank1", self.rank1, "a percentage from 0 to 100")
        require(0 <= self.mAP <= 100, "mAP", self.mAP, "a percentage from 0 to 100")


@dataclass(frozen=True)
class Weights:
    """One published set of weights: where it is, what it is, and how to know that it is the one.

    ``name`` is ``architecture.tag``. ``bundled`` is a file inside the package, ``hub`` one on the
    Hub; at least one is there. ``bytes`` and ``sha256`` are those of the file, ``dtype`` is how its
    numbers are stored. Estimators have no ``feature_dim``, and heads no ``preprocess`` either.
    Every number on preprocessing in this library comes from here.

    Raises:
        InvalidInputError: a value is not allowed; the text names the key.
    """

    name: str
    kind: NetworkKind
    architecture: str
    arch_args: Mapping[str, Argument] = field(hash=False)
    default: bool
    hub: HubFile | None
    bundled: str | None
    bytes: int
    sha256: str
    dtype: StorageDtype
    parameters: int
    feature_dim: int | None
    preprocess: Preprocess | None
    training_data: tuple[TrainingData, ...]
    recipe: TrainingRecipe
    license: str
    metrics: tuple[Metrics, ...]
    fingerprint: tuple[float, ...]

    @property
    def tag(self) -> str:
        """What tells these weights from others of their architecture."""
        return self.name.removeprefix(self.architecture + ".")

    def __post_init__(self) -> None:
        self._check_identity()
        self._check_file()
        self._check_kind()
        require(len(self.training_data) > 0, "training_data", [], "at least one entry")
        require_fingerprint(self.fingerprint)

    def _check_identity(self) -> None:
        require_text("name", self.name, NAME, "architecture.tag, in letters, digits and ._-")
        prefix = self.architecture + "."
        require(
            self.name.startswith(prefix), "name", self.name, f"a name that starts with {prefix!r}"
        )
        require_arguments(self.arch_args)

    def _check_file(self) -> None:
        require(self.hub is not None or self.bundled is not None, "hub", None, "hub or bundled")
        if self.bundled is not None:
            require_text("bundled", self.bundled, FILE_NAME, "a plain name ending in .safetensors")
        require(self.bytes > 0, "bytes", self.bytes, "at least 1")
        require(self.parameters > 0, "parameters", self.parameters, "at least 1")
        require_text("sha256", self.sha256, SHA256, "64 hex digits in lower case")

    def _check_kind(self) -> None:
        for key, kinds in HAVE.items():
            value, needed = getattr(self, key), self.kind in kinds
            allowed = f"{'a value' if needed else 'null'} for the kind {self.kind!r}"
            require((value is not None) == needed, key, value, allowed)
        if self.feature_dim is not None:
            require(self.feature_dim > 0, "feature_dim", self.feature_dim, "at least 1")
