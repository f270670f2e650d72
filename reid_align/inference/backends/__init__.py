"""The ways to run an encoder; each module registers its own, and loads its runtime when asked."""

from reid_align.inference.backends import compiled, eager, onnx_runtime, open_vino
from reid_align.inference.backends.base import BACKENDS, Backend, BackendName, Target

__all__ = [
    "BACKENDS",
    "Backend",
    "BackendName",
    "Target",
    "compiled",
    "eager",
    "onnx_runtime",
    "open_vino",
]
