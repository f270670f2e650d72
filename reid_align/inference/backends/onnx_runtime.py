"""Backend "onnx": ONNX Runtime on the CPU, in float32."""

from types import ModuleType

import torch
from torch import Tensor

from reid_align.inference.backends.backend import (
    BACKENDS,
    Backend,
    BackendTarget,
    check_target,
    import_runtime,
)
from reid_align.inference.backends.onnx_export import export_onnx
from reid_align.models.encoder import Encoder


@BACKENDS.register("onnx")
def onnx_runtime(encoder: Encoder, target: BackendTarget) -> Backend:
    """Export the encoder to ONNX and open it in ONNX Runtime."""
    check_target("onnx", target, (torch.float32,))
    # Fails before the slow export if the package is missing.
    runtime = import_runtime("onnxruntime", "onnx")
    return run_in_onnx_runtime(export_onnx(encoder, "onnx"), target, runtime)


def run_in_onnx_runtime(graph: bytes, target: BackendTarget, runtime: ModuleType) -> Backend:
    """Create a backend from an ONNX graph; ``runtime`` is the module ``onnxruntime``."""
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
