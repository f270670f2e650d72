"""OpenVINO on the CPU, in float32 or bfloat16."""

from threading import local
from types import ModuleType

import numpy as np
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

PRECISIONS = {torch.float32: "f32", torch.bfloat16: "bf16"}


@BACKENDS.register("openvino")
def open_vino(encoder: Encoder, target: Target) -> Backend:
    """Export the encoder and compile it with OpenVINO.

    Raises:
        MissingExtraError: OpenVINO or the exporter is not installed.
        InvalidInputError: another device than the CPU, or float16.
        BackendError: the encoder cannot be exported.
    """
    check_target("openvino", target, tuple(PRECISIONS))
    # Before the export, which takes long.
    runtime = import_runtime("openvino", "openvino")
    return run_in_open_vino(export_onnx(encoder, "openvino"), target, runtime)


def run_in_open_vino(graph: bytes, target: Target, runtime: ModuleType) -> Backend:
    """Compile an ONNX graph with the module ``openvino``."""
    core = runtime.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": PRECISIONS[target.dtype],
        "INFERENCE_NUM_THREADS": target.slots * target.threads,
        "NUM_STREAMS": target.slots,
    }
    compiled = core.compile_model(core.read_model(graph), "CPU", settings)
    # The first look at a tensor's numbers sets up OpenVINO's link to NumPy: two threads that do so
    # at once wait for each other for ever.
    _ = runtime.Tensor(np.zeros(1, np.float32)).data
    own = local()

    def run(images: Tensor) -> Tensor:
        # A request is for one thread at a time.
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        results = own.request.infer({0: images.contiguous().numpy()})
        return torch.from_numpy(results[0].copy())

    return run
