"""Backends that were costly to build are kept, as long as the process lives."""

import hashlib
from collections import OrderedDict
from copy import deepcopy
from threading import Lock

import torch

from reid_align.inference.backends.base import BACKENDS, Backend, BackendName, Target
from reid_align.models.encoder import Encoder

CHEAP = ("plain", "torch")
KEPT = 6

_Key = tuple[str, str, Target, int, int, str]
_kept: OrderedDict[_Key, Backend] = OrderedDict()
_lock = Lock()


def build_backend(name: BackendName, encoder: Encoder, target: Target) -> Backend:
    """Return a backend that runs a copy of an encoder.

    An export or a compilation takes many seconds: the last few are kept, and used again for an
    encoder with the same architecture and the same numbers in it.

    Raises:
        UnknownNameError: no backend of that name.
        MissingExtraError: its packages are not installed.
        InvalidInputError: it cannot compute for that target.
        BackendError: it does not work on this machine.
    """
    builder = BACKENDS[name]
    if name in CHEAP:
        return builder(_copy(encoder), target)
    size = encoder.preprocess.height, encoder.preprocess.width
    key = (name, f"{encoder!r} {encoder.arch_args}", target, *size, state_digest(encoder))
    with _lock:
        if key not in _kept:
            _kept[key] = builder(_copy(encoder), target)
        _kept.move_to_end(key)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
        return _kept[key]


def state_digest(encoder: Encoder) -> str:
    """Return the sha256 of an encoder's parameters and buffers, with their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _copy(encoder: Encoder) -> Encoder:
    return deepcopy(encoder).eval().requires_grad_(False)
