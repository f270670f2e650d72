"""Static int8 quantization of an ONNX graph, calibrated on images.

Convolutions and linear layers are computed in int8, weights per output channel; preprocessing,
additions, pooling and the first four convolutions stay in float32. Ranges of activations are the
minimum and maximum over the calibration images.

Source: quantization by channel and calibration, arXiv:1806.08342; ONNX Runtime's quantize_static.
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import MissingExtraError
from reid_align.inference.backends.onnx_export import quiet_exporter

QUANTIZED = ("Conv", "Gemm")
# The first convolutions cause most of the loss, and take little of the time. In small networks
# fewer stay in float32.
FLOAT_LAYERS, SHARE_OF_LAYERS = 4, 8


def quantize_graph(
    graph: bytes, batches: Iterable[NDArray[np.uint8] | NDArray[np.float32]]
) -> bytes:
    """Return a copy of a graph in which convolutions and linear layers are computed in int8.

    Args:
        graph: with one input.
        batches: calibration inputs.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
    """
    import onnx

    try:
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "onnx", "Exporting to int8") from error
    model = onnx.load_from_string(graph)
    nodes = model.graph.node
    with tempfile.TemporaryDirectory() as folder, quiet_exporter():
        output = Path(folder) / "int8.onnx"
        quantize_static(
            model,
            output,
            _Calibration(model.graph.input[0].name, batches),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTIZED),
            nodes_to_quantize=_quantized_layers([n.name for n in nodes if n.op_type in QUANTIZED]),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return output.read_bytes()


def _quantized_layers(names: list[str]) -> list[str]:
    """Return the layers to compute in int8, from all convolutions and linear layers in order."""
    return names[min(FLOAT_LAYERS, len(names) // SHARE_OF_LAYERS) :]


class _Calibration:
    """Feeds batches to ONNX Runtime's calibration, which needs this one method."""

    def __init__(
        self, name: str, batches: Iterable[NDArray[np.uint8] | NDArray[np.float32]]
    ) -> None:
        self._name = name
        self._batches: Iterator[NDArray[np.uint8] | NDArray[np.float32]] = iter(batches)

    def get_next(self) -> dict[str, NDArray[np.uint8] | NDArray[np.float32]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {self._name: batch}
