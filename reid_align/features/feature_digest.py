"""Digest of everything that determines features, and its comparison."""

import hashlib
import json
from collections.abc import Mapping

from reid_align.errors import MixedFeaturesError
from reid_align.features.feature_files import Json

_HEX_DIGITS = 16
_ADVICE = "Extract both with the same encoder and options."


def feature_digest(description: Mapping[str, Json]) -> str:
    """Return the digest of a description from `describe_run` or ``feats.json``.

    Features with equal digests can be compared. The digest names its parts, for example
    ``weights:9c1185a5c5e9fc54,preprocess:0d6b52aa81f3c07e,adapted:0,flip:no,normalized:yes``:
    a hash of architecture and weights, a hash of the preprocessing, the number of images that the
    batch norms were adapted to, and the options. The dtype and the backend of the computation
    change features only by rounding and are not part of it.

    Returns:
        The digest, or "" if the description lacks one of the parts.
    """
    required = ("model", "arch_args", "state_sha256", "preprocess", "flip", "normalized")
    if any(key not in description for key in required):
        return ""
    adapted = description.get("adapted")
    images = adapted.get("images", 0) if isinstance(adapted, Mapping) else 0
    parts = {
        "weights": _hash([description[key] for key in ("model", "arch_args", "state_sha256")]),
        "preprocess": _hash(description["preprocess"]),
        "adapted": images,
        "flip": "yes" if description["flip"] else "no",
        "normalized": "yes" if description["normalized"] else "no",
    }
    return ",".join(f"{name}:{value}" for name, value in parts.items())


def require_same_digest(
    first: str, second: str, first_name: str = "the first", second_name: str = "the second"
) -> None:
    """Require two digests to be equal. An empty digest is unknown and equal to every other.

    Args:
        first: a digest from `feature_digest`.
        second: the other digest.
        first_name: name of the first features in the message, such as "the gallery".
        second_name: name of the second features.

    Raises:
        MixedFeaturesError: the digests differ; names both and the parts that differ.
    """
    if not first or not second or first == second:
        return
    one, two = _parts(first), _parts(second)
    names = [name for name in one | two if one.get(name) != two.get(name)]
    raise MixedFeaturesError(
        f"The features of {first_name} and of {second_name} cannot be compared: they differ in "
        f"{', '.join(names)}. {first_name} has {first}, {second_name} has {second}. {_ADVICE}"
    )


def _parts(digest: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in digest.split(","))
    return {name: value for name, _, value in pairs}


def _hash(content: Json) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_HEX_DIGITS]
