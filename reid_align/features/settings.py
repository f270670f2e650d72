"""What made a matrix of features; two runs with the same settings give the same matrix."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from reid_align import __version__
from reid_align.features.formats import Json
from reid_align.features.options import ExtractOptions
from reid_align.features.shard import Shard
from reid_align.inference.backends.build import state_digest
from reid_align.models.encoder import Encoder


@dataclass(frozen=True)
class Listing:
    """The images of a run, without holding their names.

    Attributes:
        images: how many there are.
        sha256: of their names, in order, each followed by a zero byte.
    """

    images: int
    sha256: str

    @classmethod
    def read(cls, paths: Iterable[str]) -> "Listing":
        """Walk through the names once."""
        digest, images = hashlib.sha256(), 0
        for path in paths:
            digest.update(os.fsencode(path) + b"\0")
            images += 1
        return cls(images, digest.hexdigest())


def describe_run(
    encoder: Encoder, options: ExtractOptions, shard: Shard, listing: Listing
) -> dict[str, Json]:
    """Return everything that decides the features, as it stands in ``feats.json``."""
    return {
        **describe_encoder(encoder, options),
        "normalized": options.normalize,
        "shard": str(shard),
        "images": listing.images,
        "listing_sha256": listing.sha256,
    }


def describe_encoder(encoder: Encoder, options: ExtractOptions) -> dict[str, Json]:
    """Return what there is to know of an encoder and of how it computed."""
    weights = asdict(encoder.origin)
    adapted = weights.pop("adapted")
    return {
        "reid_align": __version__,
        "model": encoder.architecture,
        "arch_args": dict(encoder.arch_args),
        "weights": weights,
        "adapted": adapted,
        "state_sha256": state_digest(encoder),
        # Through JSON and back: tuples become the lists that a reader of the file will get.
        "preprocess": json.loads(json.dumps(asdict(encoder.preprocess))),
        "feature_dim": encoder.feature_dim,
        "computed_in": options.dtype,
        "backend": options.backend,
        "flip": options.flip,
    }
