"""Inference backends. Each module registers one and imports its runtime on first use."""

from reid_align.inference.backends import (
    onnx_runtime,
    openvino_runtime,
    torch_compile,
    torch_eager,
)
from reid_align.inference.backends.backend import BACKENDS, Backend, BackendName, BackendTarget

__all__ = [
    "BACKENDS",
    "Backend",
    "BackendName",
    "BackendTarget",
    "onnx_runtime",
    "openvino_runtime",
    "torch_compile",
    "torch_eager",
]
