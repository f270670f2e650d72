"""Loading of the networks that unwrap: from a run, from files, or those of the package."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from reid_align.errors import InvalidInputError, UnknownNameError, WeightsNotFoundError
from reid_align.heads import TextureDecoder
from reid_align.heads.head_factory import build_head
from reid_align.models.dense_uv_network import NAME as DENSE
from reid_align.models.dense_uv_network import dense_uv
from reid_align.models.pretrained import load_encoder
from reid_align.unwrapping.unwrappers import (
    DenseUnwrapper,
    TextureUnwrapper,
    UnwrapKind,
    Unwrapper,
)
from reid_align.weights import open_weights_source, run_networks, shipped_weights

ENCODER, DECODER = "encoder", "san_decoder"
ROLES: Mapping[UnwrapKind, tuple[str, ...]] = {"texture": (ENCODER, DECODER), "iuv": (DENSE,)}
RECIPES: Mapping[UnwrapKind, str] = {"texture": "san_pg", "iuv": "dense_uv"}
# Published weights that are used by default.
DEFAULTS: Mapping[UnwrapKind, tuple[str, ...]] = {
    "texture": ("san_mobilenet_v2.san_pg", "san_decoder.san_pg"),
    "iuv": ("dense_uv.imagenet",),
}


def default_unwrap_weights(kind: UnwrapKind) -> tuple[str, ...]:
    """Return the names of the published weights that unwrap by default; empty without them."""
    names = DEFAULTS[kind]
    return names if shipped_weights().keys() >= set(names) else ()


def load_unwrapper(
    kind: UnwrapKind, weights: Sequence[str] | None = None, device: torch.device | None = None
) -> Unwrapper:
    """Load the networks that unwrap.

    Args:
        kind: "texture" for a texture, "iuv" for a dense pose map.
        weights: folder of a training run or its ``best`` folder; or weights files, folders of
            `save_pretrained` or names of published weights, one for each network, in any order.
            None: those of `default_unwrap_weights`.
        device: device to run on; None is the CPU.

    Raises:
        UnknownNameError: unknown kind.
        InvalidInputError: two files for one network, or networks that do not match.
        WeightsError: a network is missing, or a file cannot be read or verified.
    """
    if kind not in ROLES:
        raise UnknownNameError("kind", kind, ROLES)
    target = device or torch.device("cpu")
    files = _find(kind, default_unwrap_weights(kind) if weights is None else weights)
    if kind == "iuv":
        return DenseUnwrapper(dense_uv(weights=files[DENSE]), target)
    encoder = load_encoder(files[ENCODER])
    decoder = build_head(DECODER, TextureDecoder, False, files[DECODER], {})
    return TextureUnwrapper(encoder, decoder, target)


def _find(kind: UnwrapKind, weights: Sequence[str]) -> dict[str, str]:
    """Return the weights file of each required network."""
    found: dict[str, str] = {}
    for file in (file for name in weights for file in _expand(name)):
        role = _role(file, ROLES[kind][-1])
        if role in found:
            raise InvalidInputError(f"{found[role]} and {file} are both weights of {role}.")
        found[role] = file
    for role in ROLES[kind]:
        if role not in found:
            needed = " and ".join(f"{name}.safetensors" for name in ROLES[kind])
            raise WeightsNotFoundError(
                f"No weights of {role} in {', '.join(weights) or 'the package'}. Pass a run "
                f"folder with {needed}, or these files. The recipe {RECIPES[kind]} trains them."
            )
    return found


def _expand(name: str) -> list[str]:
    """Return the weights files of a run folder; otherwise the name unchanged."""
    names = dict.fromkeys(role for roles in ROLES.values() for role in roles)
    networks = run_networks(Path(name))
    return [str(networks[role]) for role in names if role in networks] or [name]


def _role(file: str, network: str) -> str:
    """Return the network that a file is for, from its metadata."""
    architecture = open_weights_source(file, network).architecture
    return architecture if architecture in (DECODER, DENSE) else ENCODER
