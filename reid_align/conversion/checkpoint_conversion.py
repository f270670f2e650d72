"""Conversion of one foreign checkpoint into the folder of an encoder."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from inspect import signature
from os import PathLike
from pathlib import Path

import torch

from reid_align.conversion.checkpoint_entries import CheckpointEntries, find_entries
from reid_align.conversion.foreign_checkpoint import read_checkpoint
from reid_align.conversion.foreign_formats import find_format
from reid_align.conversion.foreign_network import ForeignNetwork
from reid_align.conversion.foreign_state_dict import add_counters, fill_module, read_state
from reid_align.conversion.hub_checkpoint import locate_checkpoint
from reid_align.conversion.san_format import write_decoder
from reid_align.errors import UnknownNameError, WeightsFormatError
from reid_align.files import new_folder
from reid_align.models import Encoder, save_pretrained
from reid_align.models.model_factory import MODELS, create_encoder
from reid_align.weights import Argument, read_header, read_tensors
from reid_align.weights.checksums import sha256_of

DECODER_NAME, SAFETENSORS = "decoder.safetensors", ".safetensors"


@dataclass(frozen=True)
class Conversion:
    """Result of converting a checkpoint.

    Attributes:
        folder: folder of the encoder, for `from_pretrained`.
        decoder: file of SAN's decoder in the folder, for `create_head`; None if there is none.
        encoder: the encoder, in evaluation mode.
        network: the network in the checkpoint.
        tensors: number of tensors in the checkpoint's state dicts.
        left_out: names of tensors and of entries that were not converted.
        prefixes: prefixes that were removed from all names.
        sha256: of the checkpoint.
    """

    folder: Path
    decoder: Path | None
    encoder: Encoder
    network: ForeignNetwork
    tensors: int
    left_out: tuple[str, ...]
    prefixes: tuple[str, ...]
    sha256: str


def convert_checkpoint(
    source: str | PathLike[str],
    folder: str | PathLike[str],
    *,
    size: tuple[int, int] | None = None,
    arch_args: Mapping[str, Argument] | None = None,
    training_data: str | None = None,
) -> Conversion:
    """Convert a checkpoint of another library into a folder for `from_pretrained`.

    Reads OSNet (torchreid), ResNets of fast-reid, reid-strong-baseline and
    Person_reID_baseline_pytorch, and the official SAN code; recognizes the network by the names and
    shapes of its tensors. Every tensor is converted or listed as left out. No code in the file is
    run. The write is atomic.

    Args:
        source: a file written by torch.save, a ``.safetensors`` file of another library, or
            "hf-hub:OWNER/REPOSITORY/FILE[@REVISION]".
        folder: the output; it must not exist or be empty.
        size: height and width of the images; default: those of the library's evaluation.
        arch_args: arguments of the architecture that the file does not determine, such as
            ``last_stride``.
        training_data: description of the training data for the file header.

    Raises:
        WeightsNotFoundError: the file does not exist or cannot be downloaded.
        WeightsAccessError: the Hub denies access.
        WeightsFormatError: the file is larger than 512 MiB, is not a checkpoint, or refers to code;
            the network is unknown; or a tensor is missing, unknown, or has another shape.
        WeightsIntegrityError: a tensor contains NaN or infinity.
        UnknownNameError: the architecture has no such argument or value.
        InvalidInputError: an invalid size.
        OutputError: the folder is not empty or cannot be written.
    """
    target, given = Path(folder), dict(arch_args or {})
    with new_folder(target) as partial:
        path = locate_checkpoint(source)
        entries = find_entries(_read_content(path), path)
        state = read_state(entries.state, entries.source)
        network = find_format(state.tensors, entries.source).read(
            state.tensors, given, entries.source
        )
        if size is not None:
            height, width = size
            preprocess = replace(network.preprocess, height=height, width=width)
            network = replace(network, preprocess=preprocess)
        encoder = _build(network, entries.source)
        digest = sha256_of(path)
        origin = f"converted from {path.name}, sha256 {digest}, {network.library}"
        save_pretrained(
            encoder, partial, training_data=f"{training_data or 'not stated'}; {origin}"
        )
        decoder = _write_decoder(entries, partial / DECODER_NAME, path)
    return Conversion(
        target,
        target / DECODER_NAME if decoder else None,
        encoder,
        network,
        len(state.tensors) + decoder,
        network.left_out + entries.left_out,
        state.prefixes,
        digest,
    )


def _read_content(path: Path) -> Mapping[object, object]:
    """Return the content of a file from torch.save or of a foreign safetensors file."""
    if path.suffix != SAFETENSORS:
        return read_checkpoint(path)
    if read_header(path) is not None:
        raise WeightsFormatError(
            f"{path} is a weights file of this library. Use it directly, without conversion."
        )
    content: dict[object, object] = {}
    content.update(read_tensors(path))
    return content


def _build(network: ForeignNetwork, source: str) -> Encoder:
    """Build the encoder and load its tensors."""
    constructor = MODELS[network.architecture]
    for name in network.arch_args:
        if name not in signature(constructor).parameters:
            kind = f"argument of {network.architecture}"
            raise UnknownNameError(kind, name, signature(constructor).parameters)
    with torch.device("meta"):
        encoder = create_encoder(network.architecture, constructor, False, None, network.arch_args)
    fill_module(encoder, add_counters(network.tensors), network.foreign_name, source)
    encoder.preprocess = network.preprocess
    return encoder


def _write_decoder(entries: CheckpointEntries, path: Path, checkpoint: Path) -> int:
    if entries.decoder is None:
        return 0
    return write_decoder(entries.decoder, path, f"{checkpoint}: decoder_state_dict")
