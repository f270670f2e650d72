"""ONNX Runtime on the CPU, in float32."""

from types import ModuleType

import torch
from torch import Tensor

from reid_align.inference.backends.base import (
    BACKENDS,
    Backend,
    Target,
    check_target,
    import_runtime,
)
from reid_align.inference.backends.export import export_onnx
from reid_align.models.encoder import Encoder


@BACKENDS.register("onnx")
def onnx_runtime(encoder: Encoder, target: Target) -> Backend:
    """Export the encoder and open it in ONNX Runtime.

    Raises:
        MissingExtraError: ONNX Runtime or the exporter is not installed.
        InvalidInputError: another device than the CPU, or another format than float32.
        BackendError: the encoder cannot be exported.
    """
    check_target("onnx", target, (torch.float32,))
    # Before the export, which takes long.
    runtime = import_runtime("onnxruntime", "onnx")
    return run_in_onnx_runtime(export_onnx(encoder, "onnx"), target, runtime)


def run_in_onnx_runtime(graph: bytes, target: Target, runtime: ModuleType) -> Backend:
    """Open a graph in the module ``onnxruntime``."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = target.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    [name] = [value.name for value in session.get_inputs()]

    def run(images: Tensor) -> Tensor:
        [features] = session.run(None, {name: images.contiguous().numpy()})
        return torch.from_numpy(features)

    return run
