"""Weights that are found but not loaded yet: published, in a file, a folder or on the Hub."""

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
from reid_align.weights.weights_reference import ENCODER, find_network, find_published


@dataclass(frozen=True)
class Adapted:
    """Batch-norm adaptation that was applied to weights.

    Attributes:
        images: number of images used.
        seed: seed of their selection.
        state_sha256: SHA-256 of the tensors before the adaptation.
    """

    images: int
    seed: int
    state_sha256: str


@dataclass(frozen=True)
class Origin:
    """Origin of a module's weights.

    Attributes:
        name: "random", a published name ("arch.tag"), a file, a folder or a repository; ends in
            ", adapted" for adapted weights.
        tag: tag of published weights, else None.
        sha256: SHA-256 of the weights file; None for random and for adapted weights.
        adapted: the batch-norm adaptation, or None.
    """

    name: str = "random"
    tag: str | None = None
    sha256: str | None = None
    adapted: Adapted | None = None

    def after_adapting(self, images: int, seed: int, state_sha256: str) -> "Origin":
        """Return the origin of these weights after batch-norm adaptation.

        A second adaptation replaces the first; ``state_sha256`` stays that of the first.
        """
        if self.adapted is not None:
            adapted = Adapted(images, seed, self.adapted.state_sha256)
            return replace(self, adapted=adapted)
        return Origin(f"{self.name}, adapted", adapted=Adapted(images, seed, state_sha256))


@dataclass(frozen=True)
class WeightsSource:
    """Weights that are found but not loaded yet.

    Attributes:
        origin: their origin.
        architecture: name of the model they were made for; None if unknown.
        arch_args: arguments of that model; empty if unknown.
        preprocess: image preprocessing they expect; None if unknown.
        load: loads them into a module, or raises WeightsError.
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
        """Return the constructor arguments of the module that these weights fit.

        Args:
            architecture: name of the module to build.
            constructor: its class.
            asked: arguments given by the caller.

        Raises:
            InvalidInputError: the weights were made for another architecture or other arguments.
            WeightsFormatError: the constructor does not have an argument of the weights.
        """
        made_for = {"architecture": self.architecture or architecture, **self.arch_args}
        for key, value in {"architecture": architecture, **asked}.items():
            if made_for.get(key, value) != value:
                raise InvalidInputError(
                    f"{self.origin.name} was made for {key}={made_for[key]!r}, not {value!r}. Omit "
                    "the argument, or choose other weights."
                )
        known = signature(constructor).parameters
        if unknown := sorted(set(self.arch_args) - set(known)):
            raise WeightsFormatError(
                f"{self.origin.name}: {architecture} has no argument {unknown[0]!r}. The weights "
                "come from another version of reid_align or from another library."
            )
        return {**self.arch_args, **asked}


def choose_weights_source(
    architecture: str, pretrained: bool | str, weights: str | PathLike[str] | None
) -> WeightsSource | None:
    """Return the weights selected by the arguments of a factory; None means random weights.

    Raises:
        InvalidInputError: both ``pretrained`` and ``weights`` are given.
        UnknownNameError: there are no weights with that tag.
        WeightsNotFoundError: the model has no published weights, or the file does not exist.
    """
    if weights is not None and pretrained:
        raise InvalidInputError(
            f"pretrained={pretrained!r} and weights={fspath(weights)!r}: pass only one of them."
        )
    if weights is not None:
        return open_weights_source(weights)
    return published_weights_source(architecture, pretrained) if pretrained else None


def open_weights_source(weights: str | PathLike[str], network: str = ENCODER) -> WeightsSource:
    """Find weights by any reference of `weights_reference`.

    A name without "hf-hub:" is a local path or published weights, so a misspelled path is never
    looked up on the Hub.

    Args:
        weights: the reference.
        network: network of a run: "encoder", "san_decoder", …

    Raises:
        WeightsError: the weights cannot be found, downloaded or read.
    """
    name, path = fspath(weights), Path(weights)
    published = find_published(weights)
    if published is not None:
        return _published_source(published)
    if not name.startswith(HUB_PREFIX):
        found = find_network(path, network)
        if found.is_file():
            return _file_source(name if found == path else str(found), found)
    files = fetch_repository(name)
    config = files.config
    return WeightsSource(
        Origin(name, None, config.sha256),
        config.architecture,
        config.arch_args,
        config.preprocess,
        partial(load_repository, files=files),
    )


def _file_source(name: str, path: Path) -> WeightsSource:
    info = read_header(path)
    origin = Origin(name, None, sha256_of(path))
    load = partial(load_file, path=path)
    if info is None:
        return WeightsSource(origin, None, {}, None, load)
    return WeightsSource(origin, info.architecture, info.arch_args, info.preprocess, load)


def published_weights_source(architecture: str, pretrained: bool | str) -> WeightsSource:
    """Find published weights in the manifest: the default ones for True, or those with a tag.

    Raises:
        UnknownNameError: there are no weights with that tag.
        WeightsNotFoundError: the architecture has no published weights.
    """
    return _published_source(
        _entry(architecture, pretrained if isinstance(pretrained, str) else None)
    )


def _published_source(entry: Weights) -> WeightsSource:
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
            f"{architecture} has no published weights in this version. Pass a file or folder "
            "(weights=FILE), load a Hub repository (from_pretrained('user/repo')), or use random "
            "weights, for testing only (pretrained=False)."
        ) from error
