"""Description of an extraction, as stored in ``feats.json``.

Two runs with the same description give the same features.
"""

import json
from dataclasses import asdict

from reid_align import __version__
from reid_align.features.extract_options import ExtractOptions
from reid_align.features.feature_digest import feature_digest
from reid_align.features.feature_files import Json
from reid_align.features.image_list import ImageList
from reid_align.features.image_shard import ImageShard
from reid_align.inference.backends.backend_cache import state_digest
from reid_align.inference.exported import ExportedEncoder
from reid_align.models.encoder import Encoder


def describe_run(
    encoder: Encoder, options: ExtractOptions, shard: ImageShard, images: ImageList
) -> dict[str, Json]:
    """Return every setting that determines the features, as stored in ``feats.json``."""
    described = describe_features(encoder, options)
    return {
        **described,
        "digest": feature_digest(described),
        "shard": str(shard),
        "images": images.images,
        "listing_sha256": images.sha256,
    }


def describe_features(encoder: Encoder, options: ExtractOptions) -> dict[str, Json]:
    """Return how the features of an image are computed: `describe_encoder` and the scaling."""
    return {**describe_encoder(encoder, options), "normalized": options.normalize}


def describe_encoder(encoder: Encoder, options: ExtractOptions) -> dict[str, Json]:
    """Return the encoder's architecture and weights, and how it computes."""
    weights = asdict(encoder.origin)
    adapted = weights.pop("adapted")
    described: dict[str, Json] = {
        "reid_align": __version__,
        "model": encoder.architecture,
        "arch_args": dict(encoder.arch_args),
        "weights": weights,
        "adapted": adapted,
        "state_sha256": state_digest(encoder),
        # A JSON round trip turns tuples into lists, to compare equal to a description read back.
        "preprocess": json.loads(json.dumps(asdict(encoder.preprocess))),
        "feature_dim": encoder.feature_dim,
        "computed_in": options.dtype,
        "backend": options.backend,
        "flip": options.flip,
    }
    if isinstance(encoder, ExportedEncoder):
        described["precision"] = encoder.record.precision
    return described
