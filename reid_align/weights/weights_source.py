"""Weights before there is a model: what they were made for, and how they are loaded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from os import PathLike, fspath
from pathlib import Path

from reid_align.errors import (
    InvalidInputError,
    UnknownNameError,
    WeightsFormatError,
    WeightsNotFoundError,
)
from reid_align.preprocess import Preprocess
from reid_align.weights.checksums import sha256_of
from reid_align.weights.encoder_repository import HUB_PREFIX, fetch_repository
from reid_align.weights.fingerprint import Loadable
from reid_align.weights.manifest import find_weights, shipped_weights
from reid_align.weights.manifest_records import Argument, Weights
from reid_align.weights.verified_loading import load_file, load_repository, load_weights
from reid_align.weights.weights_header import read_header


@dataclass(frozen=True)
class Adapted:
    """What became of weights whose norms were estimated anew.

    Attributes:
        images: from how many.
        seed: that drew them.
        state_sha256: of the tensors before.
    """

    images: int
    seed: int
    state_sha256: str


@dataclass(frozen=True)
class Origin:
    """Where a module's weights came from.

    Attributes:
        name: "random", a published name ("arch.tag"), a file, a folder or a repository; of adapted
            weights with ", adapted" behind it.
        tag: the tag of published weights, else None.
        sha256: of the weights' file; None for random and for adapted weights, of which there is no
            file.
        adapted: how they were adapted; None for weights as they came.
    """

    name: str = "random"
    tag: str | None = None
    sha256: str | None = None
    adapted: Adapted | None = None

    def after_adapting(self, images: int, seed: int, state_sha256: str) -> "Origin":
        """Return the origin of these weights once they are adapted; see `Adapted`.

        Adapting again forgets the time before, so the tensors before are those of the first time.
        """
        if self.adapted is not None:
            adapted = Adapted(images, seed, self.adapted.state_sha256)
            return replace(self, adapted=adapted)
        return Origin(f"{self.name}, adapted", adapted=Adapted(images, seed, state_sha256))


@dataclass(frozen=True)
class WeightsSource:
    """Weights that were found and not yet loaded.

    Attributes:
        origin: where they are.
        architecture: the model they were made for; None if the file does not say.
        arch_args: the arguments of that model; empty if the file does not say.
        preprocess: what they expect to be done to a image; None if the file does not say.
        load: fills a module with them, or raises WeightsError.
    """

    origin: Origin
    architecture: str | None
    arch_args: Mapping[str, Argument]
    preprocess: Preprocess | None
    load: Callable[[Loadable], object]

    def arguments(
        self,
        architecture: str,
        constructor: Callable[..., object],
        asked: Mapping[str, Argument],
    ) -> dict[str, Argument]:
        """Return the arguments that build the module which these weights fit.

        Args:
            architecture: the name of the module that is being built.
            constructor: its class.
            asked: what the caller gave.

        Raises:
            InvalidInputError: the weights were made for another architecture or other arguments.
            WeightsFormatError: they were made for arguments that the class does not have.
        """
        made_for = {"architecture": self.architecture or architecture, **self.arch_args}
        for key, value in {"architecture": architecture, **asked}.items():
            if made_for.get(key, value) != value:
                raise InvalidInputError(
                    f"{self.origin.name} was made for {key}={made_for[key]!r}, but {value!r} was "
                    "asked for. Leave the argument out, or choose other weights."
                )
        known = signature(constructor).parameters
        if unknown := sorted(set(self.arch_args) - set(known)):
            raise WeightsFormatError(
                f"{self.origin.name}: {architecture} has no argument {unknown[0]!r}. The weights "
                "were made by another version of reid_align, or for another library."
            )
        return {**self.arch_args, **asked}


def choose_weights_source(
    architecture: str, pretrained: bool | str, weights: str | PathLike[str] | None
) -> WeightsSource | None:
    """Return the weights that a factory was asked for; None for random ones.

    Raises:
        InvalidInputError: both ``pretrained`` and ``weights``.
        UnknownNameError: no weights of that tag.
        WeightsNotFoundError: the model has no published weights, or there is no such file.
    """
    if weights is not None and pretrained:
        raise InvalidInputError(
            f"pretrained={pretrained!r} and weights={fspath(weights)!r}: give one of them."
        )
    if weights is not None:
        return open_weights_source(weights)
    return published_weights_source(architecture, pretrained) if pretrained else None


def open_weights_source(weights: str | PathLike[str]) -> WeightsSource:
    """Look at a file, a folder, or a repository on the Hub ("hf-hub:user/repo[@revision]").

    A name without "hf-hub:" is local: a mistyped path never becomes somebody's repository.

    Raises:
        WeightsError: it cannot be found, fetched or read.
    """
    name, path = fspath(weights), Path(weights)
    if not name.startswith(HUB_PREFIX) and not path.exists():
        raise WeightsNotFoundError(
            f"{name}: there is no such file or folder. For a repository on the Hub write "
            f"{HUB_PREFIX}user/repository."
        )
    if path.is_file():
        info = read_header(path)
        origin = Origin(name, None, sha256_of(path))
        load = partial(load_file, path=path)
        if info is None:
            return WeightsSource(origin, None, {}, None, load)
        return WeightsSource(origin, info.architecture, info.arch_args, info.preprocess, load)
    files = fetch_repository(name)
    config = files.config
    return WeightsSource(
        Origin(name, None, config.sha256),
        config.architecture,
        config.arch_args,
        config.preprocess,
        partial(load_repository, files=files),
    )


def published_weights_source(architecture: str, pretrained: bool | str) -> WeightsSource:
    """Look up the manifest: the default weights for True, or those with a tag.

    Raises:
        UnknownNameError: no weights of that tag.
        WeightsNotFoundError: there are none at all.
    """
    entry = _entry(architecture, pretrained if isinstance(pretrained, str) else None)
    return WeightsSource(
        Origin(entry.name, entry.tag, entry.sha256),
        entry.architecture,
        entry.arch_args,
        entry.preprocess,
        partial(load_weights, weights=entry),
    )


def _entry(architecture: str, tag: str | None) -> Weights:
    try:
        return find_weights(shipped_weights(), architecture, tag)
    except UnknownNameError as error:
        if tag is not None:
            raise
        raise WeightsNotFoundError(
            f"This version has no published weights for {architecture}. Give a file or folder of "
            "your own (weights=FILE; --weights FILE) or a repository on the Hub "
            "(from_pretrained('user/repo'); --model user/repo). For an untrained network, which "
            "finds nobody, ask by name (pretrained=False; --weights random)."
        ) from error
