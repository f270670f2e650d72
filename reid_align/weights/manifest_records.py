"""Dataclasses of the entries in the weights manifest."""

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
# Kinds of network with a value for these keys; null for all others.
KEYS_BY_KIND: Mapping[str, tuple[NetworkKind, ...]] = {
    "feature_dim": ("encoder",),
    "preprocess": ("encoder", "estimator"),
}

COMMIT = r"[0-9a-f]{40}"
SHA256 = r"[0-9a-f]{64}"
FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors"
REPO_ID = r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*"
NAME = r"[A-Za-z0-9][A-Za-z0-9_-]*\.[A-Za-z0-9][A-Za-z0-9._-]*"


def require(valid: bool, key: str, value: object, allowed: str) -> None:
    """Raise InvalidInputError with the key, the value and what is allowed, unless ``valid``."""
    if not valid:
        raise InvalidInputError(f"{key}: expected {allowed}, got {value!r}")


def require_text(key: str, value: str, pattern: str, allowed: str) -> None:
    """Require a full match of a regular expression."""
    require(re.fullmatch(pattern, value) is not None, key, value, allowed)


def require_arguments(arguments: Mapping[str, Argument]) -> None:
    """Require plain values in ``arch_args``, which JSON preserves exactly."""
    for name, value in arguments.items():
        plain = isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
        require(name.isidentifier(), "arch_args", name, "argument names")
        require(plain, f"arch_args: {name}", value, "true, false, a finite number or a text")


def require_fingerprint(values: tuple[float, ...] | None) -> None:
    """Require the right length and finite values of a fingerprint, if there is one."""
    if values is not None:
        fits = len(values) == FINGERPRINT_LENGTH and all(map(math.isfinite, values))
        require(fits, "fingerprint", values, f"{FINGERPRINT_LENGTH} finite numbers")


@dataclass(frozen=True)
class HubFile:
    """One file in one commit of a Hub repository."""

    repo_id: str
    revision: str
    filename: str

    def __post_init__(self) -> None:
        require_text("repo_id", self.repo_id, REPO_ID, "organization/repository")
        require_text("revision", self.revision, COMMIT, "the 40 hex digits of a commit")
        require_text("filename", self.filename, FILE_NAME, "a plain name ending in .safetensors")


@dataclass(frozen=True)
class TrainingData:
    """A dataset that the weights were trained on, and its terms of use."""

    name: str
    terms: str
    synthetic: bool


@dataclass(frozen=True)
class TrainingRecipe:
    """How the weights were trained.

    ``cost`` names the machine and the time: "14 hours on 2 cores of an x86-64 server, no GPU".
    """

    name: str
    command: str
    commit: str
    seed: int
    cost: str

    def __post_init__(self) -> None:
        require_text("commit", self.commit, COMMIT, "the 40 hex digits of a commit")
        require(self.seed >= 0, "seed", self.seed, "at least 0")


@dataclass(frozen=True)
class Metrics:
    """Accuracy on one dataset under one protocol, in percent, and the command that measures it.

    ``note`` holds further conditions, such as an image size other than the dataset's.
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
    """One entry of the manifest: published weights, their location and metadata.

    ``name`` is ``architecture.tag``. ``bundled`` is a file inside the package and ``hub`` a file on
    the Hub; at least one is set. ``bytes``, ``sha256`` and ``dtype`` describe the file. Estimators
    have no ``feature_dim``; heads have neither ``feature_dim`` nor ``preprocess``.

    Raises:
        InvalidInputError: a value is invalid; the message starts with the key.
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
        """The part of the name after the architecture."""
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
        for key, kinds in KEYS_BY_KIND.items():
            value, needed = getattr(self, key), self.kind in kinds
            allowed = f"{'a value' if needed else 'null'} for the kind {self.kind!r}"
            require((value is not None) == needed, key, value, allowed)
        if self.feature_dim is not None:
            require(self.feature_dim > 0, "feature_dim", self.feature_dim, "at least 1")
