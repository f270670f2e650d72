"""Encoder that features were computed with, rebuilt from their description."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch

from reid_align.errors import (
    EncoderUnavailableError,
    InvalidInputError,
    ReidAlignError,
)
from reid_align.features import (
    Adaptation,
    ExtractOptions,
    NamedImage,
    adapt_to,
    digest_of,
    feature_digest,
    require_same_digest,
)
from reid_align.features.feature_files import Json
from reid_align.inference.device import DtypeName, resolve_device
from reid_align.inference.exported import ExportedEncoder, is_exported, open_exported
from reid_align.models import create_model
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess
from reid_align.typed_reading import read_record
from reid_align.weights.weights_source import Adapted

_RANDOM = re.compile(r"random, seed (\d+)")
_ADAPTED = ", adapted"


def recorded_options(
    description: Mapping[str, Json], options: ExtractOptions, encoder: Encoder | None = None
) -> ExtractOptions:
    """Return options with the recorded mirroring, scaling and dtype.

    float16 needs a GPU; on the CPU the dtype is float32 instead, which differs by rounding. The
    number format of an exported encoder is fixed; the recorded dtype does not apply to it.
    """
    dtype = str(description.get("computed_in", options.dtype))
    if isinstance(encoder, ExportedEncoder):
        dtype = options.dtype
    elif dtype == "float16" and resolve_device(str(options.device)).type == "cpu":
        dtype = "float32"
    return ExtractOptions(
        options.device,
        cast(DtypeName, dtype),
        options.batch_size,
        options.num_workers,
        bool(description.get("flip", options.flip)),
        bool(description.get("normalized", options.normalize)),
        options.on_error,
        options.backend,
    )


def recorded_encoder(
    description: Mapping[str, Json],
    options: ExtractOptions,
    *,
    encoder: Encoder | None = None,
    images: Sequence[str] = (),
) -> Encoder:
    """Return the encoder of a description, verified by the digest.

    Args:
        description: content of ``feats.json``.
        options: from `recorded_options`.
        encoder: an encoder to use instead of the recorded file, for example because the file has
            moved; it must have the same weights.
        images: files of the extraction, in order; an encoder that was adapted to them is adapted
            again.

    Raises:
        EncoderUnavailableError: the weights are not found, or the encoder cannot be adapted again.
        MixedFeaturesError: the encoder differs from the recorded one.
    """
    if not feature_digest(description):
        raise EncoderUnavailableError(
            "The description of the gallery's features does not record their encoder. Extract the "
            "features again."
        )
    name = _weights_name(description)
    try:
        found = encoder or _load(description, name.removesuffix(_ADAPTED))
        if description.get("adapted") and not found.origin.adapted:
            found = _adapt(found, description, options, images)
    except ReidAlignError as error:
        raise EncoderUnavailableError(
            f"The gallery was encoded with {description['model']}, weights {name}, which cannot be "
            f"loaded here: {error} Give this encoder, or extract the gallery again."
        ) from error
    require_same_digest(
        feature_digest(description),
        digest_of(found, options),
        "the gallery",
        f"the encoder {found.origin.name}",
    )
    return found


def _weights_name(description: Mapping[str, Json]) -> str:
    weights = description.get("weights")
    return str(weights.get("name")) if isinstance(weights, Mapping) else "unknown"


def _load(description: Mapping[str, Json], name: str) -> Encoder:
    encoder = _build(description, name)
    encoder.preprocess = read_record(Preprocess, description["preprocess"])
    return encoder


def _build(description: Mapping[str, Json], name: str) -> Encoder:
    model = str(description["model"])
    if is_exported(name):
        return open_exported(name)
    recorded = description["arch_args"]
    # Arguments of an architecture are texts or truth values.
    arch_args = cast("dict[str, Any]", dict(recorded) if isinstance(recorded, Mapping) else {})
    if drawn := _RANDOM.fullmatch(name):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(drawn[1]))
            return create_model(model, **arch_args)
    if name.startswith(f"{model}."):
        return create_model(name, pretrained=True, **arch_args)
    return create_model(model, weights=name, **arch_args)


def _adapt(
    encoder: Encoder,
    description: Mapping[str, Json],
    options: ExtractOptions,
    images: Sequence[str],
) -> Encoder:
    """Adapt an encoder to the images of the extraction again."""
    adapted = read_record(Adapted, description["adapted"])
    if len(images) != description.get("images"):
        raise InvalidInputError(
            "Its batch norms were adapted to the gallery, and not all images of that extraction "
            "are known."
        )
    settings = Adaptation(seed=adapted.seed)
    drawn = settings.draw((NamedImage(path, path) for path in images), len(images))
    return adapt_to(drawn, encoder, settings, options)
