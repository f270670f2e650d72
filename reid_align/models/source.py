"""Weights before there is a model: what they were made for, and how they are loaded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from os import PathLike, fspath
from pathlib import Path

from reid_align.errors import InvalidInputError, UnknownNameError, WeightsNotFoundError
from reid_align.models.encoder import Encoder, Origin
from reid_align.preprocess import Preprocess
from reid_align.weights import (
    Weights,
    fetch_repository,
    find_weights,
    load_file,
    load_repository,
    load_weights,
    read_info,
    shipped_weights,
)
from reid_align.weights.files import sha256_of


@dataclass(frozen=True)
class Source:
    """Weights that were found and not yet loaded.

    Attributes:
        origin: where they are.
        architecture: the model they were made for; None if the file does not say.
        arch_args: the arguments of that model; empty if the file does not say.
        preprocess: what they expect to be done to a picture; None if the file does not say.
        load: fills an encoder with them, or raises WeightsError.
    """

    origin: Origin
    architecture: str | None
    arch_args: Mapping[str, str | bool | int | float]
    preprocess: Preprocess | None
    load: Callable[[Encoder], object]


def choose_source(
    architecture: str, pretrained: bool | str, weights: str | PathLike[str] | None
) -> Source | None:
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
        return open_source(weights)
    return published_source(architecture, pretrained) if pretrained else None


def open_source(weights: str | PathLike[str]) -> Source:
    """Look at a file, a folder, or a repository on the Hub ("user/repo[@revision]").

    Raises:
        WeightsError: it cannot be found, fetched or read.
    """
    name = fspath(weights)
    if Path(name).suffix == ".safetensors" or Path(name).is_file():
        info = read_info(Path(name))
        origin = Origin(name, None, sha256_of(Path(name)))
        load = partial(load_file, path=Path(name))
        if info is None:
            return Source(origin, None, {}, None, load)
        return Source(origin, info.architecture, info.arch_args, info.preprocess, load)
    files = fetch_repository(weights if isinstance(weights, Path) else name)
    config = files.config
    return Source(
        Origin(name, None, config.sha256),
        config.architecture,
        config.arch_args,
        config.preprocess,
        partial(load_repository, files=files),
    )


def published_source(architecture: str, pretrained: bool | str) -> Source:
    """Look up the manifest: the default weights for True, or those with a tag."""
    entry = _entry(architecture, pretrained if isinstance(pretrained, str) else None)
    return Source(
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
