"""Conversion of official SAN checkpoints into encoder folders and decoder files."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import torch
from torch import Tensor

from reid_align.errors import WeightsFormatError
from reid_align.files import new_folder
from reid_align.heads import TextureDecoder
from reid_align.models import create_model, save_pretrained
from reid_align.publishing.foreign_checkpoint import read_checkpoint
from reid_align.publishing.foreign_state_dict import fill_module, read_state
from reid_align.publishing.san_names import decoder_name, encoder_name
from reid_align.weights import WeightsHeader, module_fingerprint, save_tensors

ENCODER_ENTRY, DECODER_ENTRY = "state_dict", "decoder_state_dict"
PROGRESS = ("rank1", "epoch")
ENTRIES = (ENCODER_ENTRY, DECODER_ENTRY, *PROGRESS)
CLASSIFIER = ("classifier.weight", "classifier.bias")
ENCODER_NAME, DECODER_NAME = "encoder", "decoder.safetensors"


@dataclass(frozen=True)
class ConvertedSan:
    """Result of converting an official checkpoint.

    Attributes:
        encoder: folder with ``san_resnet50`` and head "fc512", for `from_pretrained`.
        decoder: file with ``san_decoder``, for `create_head`; None if the checkpoint has none.
        identities: number of training identities.
        dropped: names of dropped entries: the classifier, the epoch, the rank-1.
    """

    encoder: Path
    decoder: Path | None
    identities: int
    dropped: tuple[str, ...]


def convert_san(checkpoint: str | PathLike[str], folder: str | PathLike[str]) -> ConvertedSan:
    """Convert a checkpoint of the official SAN code: ``checkpoint_ep*.pth.tar``.

    No code in the checkpoint is run. Every tensor goes to the encoder, to the decoder or into the
    list of dropped entries. The write is atomic.

    Args:
        checkpoint: a dictionary written by torch.save, with ``state_dict`` (327 tensors) and, if
            the decoder was saved, ``decoder_state_dict`` (86).
        folder: the output; it must not exist or be empty.

    Raises:
        WeightsNotFoundError: the file does not exist.
        WeightsFormatError: the file is not such a checkpoint; pickled modules (SAN-PG was released
            as one) and pickles that refer to code are refused.
        WeightsIntegrityError: a tensor contains NaN or infinity.
        OutputError: the folder is not empty or cannot be written.
    """
    source, target = Path(checkpoint), Path(folder)
    with new_folder(target) as partial:
        entries = read_checkpoint(source)
        _check_entries(entries, source)
        identities = _write_encoder(entries[ENCODER_ENTRY], partial / ENCODER_NAME, source)
        if DECODER_ENTRY in entries:
            _write_decoder(entries[DECODER_ENTRY], partial / DECODER_NAME, source)
    return ConvertedSan(
        target / ENCODER_NAME,
        target / DECODER_NAME if DECODER_ENTRY in entries else None,
        identities,
        CLASSIFIER + tuple(name for name in PROGRESS if name in entries),
    )


def _check_entries(entries: Mapping[object, object], source: Path) -> None:
    unknown = sorted(str(name) for name in entries if name not in ENTRIES)
    if unknown or ENCODER_ENTRY not in entries:
        raise WeightsFormatError(
            f"{source}: expected the key {ENCODER_ENTRY!r}, optionally with "
            f"{', '.join(ENTRIES[1:])}; got {sorted(map(str, entries))}. Use a checkpoint from "
            "SAN's official training script."
        )


def _write_encoder(entry: object, folder: Path, source: Path) -> int:
    """Write the encoder without its classifier; return the number of identities."""
    where = f"{source}: {ENCODER_ENTRY}"
    state = read_state(entry, where)
    with torch.device("meta"):
        encoder = create_model("san_resnet50", head="fc512")
    identities = _pop_classifier(state, encoder.feature_dim, where)
    fill_module(encoder, state, encoder_name, where)
    save_pretrained(encoder, folder)
    return identities


def _pop_classifier(state: dict[str, Tensor], feature_dim: int, where: str) -> int:
    """Remove the classifier from a state dict; return its number of identities."""
    if missing := [name for name in CLASSIFIER if name not in state]:
        raise WeightsFormatError(f"{where} lacks {' and '.join(missing)}.")
    weight, bias = (list(state.pop(name).shape) for name in CLASSIFIER)
    if len(bias) != 1 or weight != [*bias, feature_dim]:
        raise WeightsFormatError(
            f"{where}: {CLASSIFIER[0]} is {weight} and {CLASSIFIER[1]} is {bias}; expected "
            f"[identities, {feature_dim}] and [identities]."
        )
    return bias[0]


def _write_decoder(entry: object, path: Path, source: Path) -> None:
    where = f"{source}: {DECODER_ENTRY}"
    with torch.device("meta"):
        decoder = TextureDecoder(skips=True)
    fill_module(decoder, read_state(entry, where), decoder_name, where)
    info = WeightsHeader("san_decoder", {"skips": True}, None, module_fingerprint(decoder))
    save_tensors(decoder, path, info)
