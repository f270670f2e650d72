"""From what ``--weights`` names to the networks that unwrap."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from reid_align.errors import InvalidInputError, UnknownNameError, WeightsNotFoundError
from reid_align.heads import TextureDecoder
from reid_align.heads.factory import build_head
from reid_align.models import create_model
from reid_align.models.dense_uv import NAME as DENSE
from reid_align.models.dense_uv import dense_uv
from reid_align.models.pretrained import load_encoder
from reid_align.models.select import DEFAULT_MODEL
from reid_align.unwrapping.networks import (
    DenseUnwrapper,
    Kind,
    TextureUnwrapper,
    Unwrapper,
)
from reid_align.weights import open_source, shipped_weights

ENCODER, DECODER = "encoder", "san_decoder"
# The last network is the one that draws.
ROLES: Mapping[Kind, tuple[str, ...]] = {"texture": (ENCODER, DECODER), "iuv": (DENSE,)}
RECIPES: Mapping[Kind, str] = {"texture": "san_pg", "iuv": "dense_uv"}


def load_unwrapper(
    kind: Kind, weights: Sequence[str] = (), device: torch.device | None = None
) -> Unwrapper:
    """Load the networks that unwrap.

    Args:
        kind: "texture" for a texture, "iuv" for a dense map.
        weights: the folder of a training run, or single ``.safetensors`` files, in any order; none
            for the published weights.
        device: where to run; None is the CPU.

    Raises:
        UnknownNameError: another kind.
        InvalidInputError: two files for one network, or networks that do not fit each other.
        WeightsError: a network is missing, or a file cannot be read or trusted.
    """
    if kind not in ROLES:
        raise UnknownNameError("kind", kind, ROLES)
    place = device or torch.device("cpu")
    files = _find(ROLES[kind], weights) if weights else {}
    published = not files
    if published:
        _require_published(ROLES[kind][-1], kind)
    if kind == "iuv":
        return DenseUnwrapper(dense_uv(published, weights=files.get(DENSE)), place)
    encoder = create_model(DEFAULT_MODEL, True) if published else load_encoder(files[ENCODER])
    decoder = build_head(DECODER, TextureDecoder, published, files.get(DECODER), {})
    return TextureUnwrapper(encoder, decoder, place)


def _require_published(role: str, kind: Kind) -> None:
    """Refuse to go on with published weights where there are none of the network that draws."""
    if all(entry.architecture != role for entry in shipped_weights().values()):
        raise WeightsNotFoundError(
            f"This version has no published weights for {role}. Name a training run with --weights "
            f"RUN; python -m reid_align.train {RECIPES[kind]} makes one."
        )


def _find(roles: Sequence[str], weights: Sequence[str]) -> dict[str, str]:
    """Return the file of each network that is needed."""
    found: dict[str, str] = {}
    for file in (file for name in weights for file in _expand(name)):
        role = _role(file)
        if role in found:
            raise InvalidInputError(f"{found[role]} and {file}: both are weights of the {role}.")
        found[role] = file
    for role in roles:
        if role not in found:
            raise WeightsNotFoundError(
                f"{', '.join(weights)}: there are no weights of the {role}. Give the folder of a "
                f"run that holds {' and '.join(f'{name}.safetensors' for name in roles)}, or these "
                "files."
            )
    return found


def _expand(name: str) -> list[str]:
    """Return the files of a run's folder; anything else is itself."""
    names = dict.fromkeys(role for roles in ROLES.values() for role in roles)
    files = [Path(name) / f"{role}.safetensors" for role in names]
    return [str(file) for file in files if file.is_file()] or [name]


def _role(file: str) -> str:
    """Return which network a file is for, as it says itself."""
    architecture = open_source(file).architecture
    return architecture if architecture in (DECODER, DENSE) else ENCODER
