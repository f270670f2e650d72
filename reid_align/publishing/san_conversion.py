"""Turns the official checkpoints of SAN into weights of ours."""

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
from reid_align.publishing.foreign_state_dict import fill, read_state
from reid_align.publishing.san_names import decoder_name, encoder_name
from reid_align.weights import WeightsHeader, module_fingerprint, save_tensors

ENCODER_ENTRY, DECODER_ENTRY = "state_dict", "decoder_state_dict"
RECORDS = ("rank1", "epoch")
ENTRIES = (ENCODER_ENTRY, DECODER_ENTRY, *RECORDS)
CLASSIFIER = ("classifier.weight", "classifier.bias")
ENCODER_NAME, DECODER_NAME = "encoder", "decoder.safetensors"


@dataclass(frozen=True)
class ConvertedSan:
    """What came out of an official checkpoint.

    Attributes:
        encoder: the folder with ``san_resnet50`` and its "fc512" head, as `from_pretrained` reads.
        decoder: the file with ``san_decoder``, as `create_head` reads; None if there was none.
        identities: how many people it was trained on.
        dropped: the names of what was left behind: the classifier, the epoch, the rank-1.
    """

    encoder: Path
    decoder: Path | None
    identities: int
    dropped: tuple[str, ...]


def convert_san(checkpoint: str | PathLike[str], folder: str | PathLike[str]) -> ConvertedSan:
    """Convert a checkpoint of the official SAN code: ``checkpoint_ep*.pth.tar``.

    Nothing in the checkpoint is ever run. Each of its tensors ends in the encoder, in the decoder
    or among those reported as dropped. The folder appears whole or not at all.

    Args:
        checkpoint: a dictionary that torch.save wrote, with ``state_dict`` (327 tensors) and, if
            the decoder was kept, ``decoder_state_dict`` (86).
        folder: where to write; it must not exist, or be empty.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsFormatError: it is no such checkpoint; whole pickled modules (SAN-PG was released as
            one) and pickles that ask for code are refused.
        WeightsIntegrityError: a tensor holds a value that is not finite.
        OutputError: the folder is not empty, or cannot be written.
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
        CLASSIFIER + tuple(name for name in RECORDS if name in entries),
    )


def _check_entries(entries: Mapping[object, object], source: Path) -> None:
    unknown = sorted(str(name) for name in entries if name not in ENTRIES)
    if unknown or ENCODER_ENTRY not in entries:
        raise WeightsFormatError(
            f"{source}: expected {ENCODER_ENTRY!r} and, beside it, nothing but "
            f"{', '.join(ENTRIES[1:])}; got {sorted(map(str, entries))}. Give a checkpoint that "
            "the training script of SAN saved."
        )


def _write_encoder(entry: object, folder: Path, source: Path) -> int:
    """Write the encoder without its classifier, and return how many people that one knew."""
    where = f"{source}: {ENCODER_ENTRY}"
    state = read_state(entry, where)
    with torch.device("meta"):
        encoder = create_model("san_resnet50", head="fc512")
    identities = _pop_classifier(state, encoder.feature_dim, where)
    fill(encoder, state, encoder_name, where)
    save_pretrained(encoder, folder)
    return identities


def _pop_classifier(state: dict[str, Tensor], feature_dim: int, where: str) -> int:
    """Take the classifier out of a state dict, and return how many people it knew."""
    if missing := [name for name in CLASSIFIER if name not in state]:
        raise WeightsFormatError(f"{where} lacks {' and '.join(missing)}.")
    weight, bias = (list(state.pop(name).shape) for name in CLASSIFIER)
    if len(bias) != 1 or weight != [*bias, feature_dim]:
        raise WeightsFormatError(
            f"{where}: {CLASSIFIER[0]} is {weight} and {CLASSIFIER[1]} is {bias}; expected "
            f"[people, {feature_dim}] and [people]."
        )
    return bias[0]


def _write_decoder(entry: object, path: Path, source: Path) -> None:
    where = f"{source}: {DECODER_ENTRY}"
    with torch.device("meta"):
        decoder = TextureDecoder()
    fill(decoder, read_state(entry, where), decoder_name, where)
    info = WeightsHeader("san_decoder", {"skips": True}, None, module_fingerprint(decoder))
    save_tensors(decoder, path, info)
