"""Entries of a checkpoint: the state dict of the network, and what a training saves with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from reid_align.errors import WeightsFormatError
from reid_align.weights.tensor_matching import join_names

STATE_ENTRIES = ("state_dict", "model")
DECODER_ENTRY = "decoder_state_dict"
# State of a training that has tensors: "optimizer", "lr_sched", "grad_scaler", …
TRAINING_STATE = re.compile(r"optim|sched|scaler", re.IGNORECASE)
OPTIMIZER_KEYS = {"state", "param_groups"}


@dataclass(frozen=True)
class CheckpointEntries:
    """Entries of a checkpoint.

    Attributes:
        state: the state dict of the network, unchecked.
        source: the file, and the entry if there are several; for messages.
        decoder: the state dict of SAN's decoder, unchecked; None without one.
        left_out: names of the other entries.
    """

    state: object
    source: str
    decoder: object | None
    left_out: tuple[str, ...]


def find_entries(content: Mapping[object, object], path: Path) -> CheckpointEntries:
    """Find the state dict in a checkpoint: the checkpoint itself, or one of its entries.

    Raises:
        WeightsFormatError: there is none or more than one, it is the state of an optimizer, or an
            unknown entry has tensors.
    """
    entries = {str(name): value for name, value in content.items()}
    if any(isinstance(value, Tensor) for value in entries.values()):
        return CheckpointEntries(content, str(path), None, ())
    if OPTIMIZER_KEYS.issubset(entries):
        raise WeightsFormatError(
            f"{path} contains the state of an optimizer and no weights. Use the file of the model."
        )
    found = [name for name in STATE_ENTRIES if name in entries]
    if len(found) != 1:
        raise WeightsFormatError(
            f"{path}: expected a state dict, or exactly one entry {' or '.join(STATE_ENTRIES)}; "
            f"got {sorted(entries)}."
        )
    others = {name: value for name, value in entries.items() if name not in found}
    decoder = others.pop(DECODER_ENTRY, None)
    unknown = [
        name
        for name, value in others.items()
        if _has_tensors(value) and not TRAINING_STATE.search(name)
    ]
    if unknown:
        raise WeightsFormatError(
            f"{path}: these entries have tensors and are unknown: {join_names(unknown)}. Save the "
            f"state dict to convert alone, with torch.save(checkpoint[{found[0]!r}], FILE)."
        )
    return CheckpointEntries(entries[found[0]], f"{path}: {found[0]}", decoder, tuple(others))


def _has_tensors(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_has_tensors(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(_has_tensors(inner) for inner in value)
    return isinstance(value, Tensor)
