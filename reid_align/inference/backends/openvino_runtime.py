"""Backend "openvino": OpenVINO on the CPU, in float32 or bfloat16."""

from threading import local
from types import ModuleType

import numpy as np
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

PRECISIONS = {torch.float32: "f32", torch.bfloat16: "bf16"}


@BACKENDS.register("openvino")
def open_vino(encoder: Encoder, target: BackendTarget) -> Backend:
    """Export the encoder to ONNX and compile it with OpenVINO."""
    check_target("openvino", target, tuple(PRECISIONS))
    # Fails before the slow export if the package is missing.
    runtime = import_runtime("openvino", "openvino")
    return run_in_open_vino(export_onnx(encoder, "openvino"), target, runtime)


def run_in_open_vino(graph: bytes, target: BackendTarget, runtime: ModuleType) -> Backend:
    """Create a backend from an ONNX graph; ``runtime`` is the module ``openvino``."""
    core = runtime.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": PRECISIONS[target.dtype],
        "INFERENCE_NUM_THREADS": target.parallel_calls * target.threads,
        "NUM_STREAMS": target.parallel_calls,
    }
    compiled = core.compile_model(core.read_model(graph), "CPU", settings)
    # The first access to a tensor's data initializes OpenVINO's NumPy bindings; two threads that
    # do so at once deadlock.
    _ = runtime.Tensor(np.zeros(1, np.float32)).data
    thread_state = local()

    def run(images: Tensor) -> Tensor:
        # An infer request is not thread-safe.
        if not hasattr(thread_state, "request"):
            thread_state.request = compiled.create_infer_request()
        results = thread_state.request.infer({0: images.contiguous().numpy()})
        return torch.from_numpy(results[0].copy())

    return run
