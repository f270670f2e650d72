"""Cache of backends that are expensive to build."""

import hashlib
from collections import OrderedDict
from copy import deepcopy
from threading import Lock

import torch

from reid_align.inference.backends.backend import BACKENDS, Backend, BackendName, BackendTarget
from reid_align.inference.exported.exported_encoder import ExportedEncoder
from reid_align.models.encoder import Encoder

CHEAP = ("plain", "torch")
KEPT = 6

_Key = tuple[str, str, BackendTarget, int, int, str]
_kept: OrderedDict[_Key, Backend] = OrderedDict()
_lock = Lock()


def build_backend(name: BackendName, encoder: Encoder, target: BackendTarget) -> Backend:
    """Return a backend that runs a copy of an encoder.

    An export or a compilation takes many seconds, so the last few are cached and reused for
    encoders with the same architecture and the same weights. An exported file has its own runtime.
    """
    if isinstance(encoder, ExportedEncoder):
        return encoder.open(target, name)
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
    """Return the sha256 of the names and values of an encoder's parameters and buffers.

    An exported encoder has the digest in its file.
    """
    if isinstance(encoder, ExportedEncoder):
        return encoder.record.state_sha256
    digest = hashlib.sha256()
    for name, tensor in sorted(encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _copy(encoder: Encoder) -> Encoder:
    return deepcopy(encoder).eval().requires_grad_(False)
