"""Static int8 quantization with OpenVINO and ONNX Runtime, as backends for measurement only.

Calibrated on the 32 example images: weights per output channel, activations by minimum and maximum.
"""

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import onnx
import onnxruntime
import openvino
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from torch import Tensor

from reid_align.features.image_batches import read_batch
from reid_align.features.image_inputs import named_images
from reid_align.inference.backends import BACKENDS, Backend, BackendTarget
from reid_align.inference.backends.backend_cache import state_digest
from reid_align.inference.backends.onnx_export import export_onnx
from reid_align.inference.backends.onnx_runtime import run_in_onnx_runtime
from reid_align.inference.backends.openvino_runtime import run_in_open_vino
from reid_align.models.encoder import Encoder

EXAMPLES = Path(__file__).parents[2] / "examples"
# Operations computed in int8; the others stay in float32.
OPERATIONS = ["Conv", "Gemm", "MatMul", "Add"]
Open = Callable[[bytes, BackendTarget, ModuleType], Backend]
RUNTIMES: dict[str, tuple[Open, ModuleType]] = {
    "onnx_int8": (run_in_onnx_runtime, onnxruntime),
    "openvino_int8": (run_in_open_vino, openvino),
}
_graphs: dict[tuple[str, int, int], bytes] = {}


class CalibrationBatches(CalibrationDataReader):  # type: ignore[misc]  # The package has no types.
    """Feeds images (N, 3, H, W) to the calibration under the graph's input name."""

    def __init__(self, name: str, images: Tensor) -> None:
        self._name = name
        self._batches: Iterator[Tensor] = iter(images.split(8))

    def get_next(self) -> dict[str, object] | None:
        """Return the next batch, or None at the end."""
        batch = next(self._batches, None)
        return None if batch is None else {self._name: batch.contiguous().numpy()}


def register_int8() -> None:
    """Register the backends of ``RUNTIMES``."""
    for name, (run, runtime) in RUNTIMES.items():
        BACKENDS.register(name)(partial(_build, run, runtime))


def _build(run: Open, runtime: ModuleType, encoder: Encoder, target: BackendTarget) -> Backend:
    # Both runtimes share the graph, because calibration is slow.
    key = state_digest(encoder), encoder.preprocess.height, encoder.preprocess.width
    if key not in _graphs:
        _graphs[key] = _quantized(encoder)
    return run(_graphs[key], target, runtime)


def _quantized(encoder: Encoder) -> bytes:
    preprocess = encoder.preprocess
    pixels = read_batch(list(named_images(EXAMPLES)), preprocess, skip_errors=False).pixels
    images = preprocess.normalize(torch.from_numpy(pixels).permute(0, 3, 1, 2))
    graph = onnx.load_from_string(export_onnx(encoder, "onnx"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.onnx"
        quantize_static(
            graph, path, CalibrationBatches(graph.graph.input[0].name, images),
            quant_format=QuantFormat.QDQ, per_channel=True, op_types_to_quantize=OPERATIONS,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        )  # fmt: skip
        return path.read_bytes()
