"""Writers of the export formats, by file suffix."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align import __version__
from reid_align.exporting.int8_quantization import quantize_graph
from reid_align.exporting.onnx_graph import onnx_graph, sha256, with_metadata
from reid_align.exporting.openvino_file import openvino_module, save_openvino
from reid_align.exporting.pixel_network import PixelNetwork
from reid_align.exporting.pt2_file import save_pt2, trace_pt2
from reid_align.features import ExtractOptions, describe_features, feature_digest
from reid_align.inference.backends.backend_cache import state_digest
from reid_align.inference.exported import ExportRecord, Precision
from reid_align.inference.exported.exported_encoder import PT2
from reid_align.models.encoder import Encoder

BATCH_SIZE = 8


@dataclass(frozen=True)
class ExportJob:
    """What to export.

    Attributes:
        encoder: the encoder.
        precision: number format of the encoder in the graph.
        license: license of the weights.
        images: calibration images (H, W, 3) uint8 RGB; only int8 uses them.
    """

    encoder: Encoder
    precision: Precision
    license: str
    images: Sequence[NDArray[np.uint8]] = ()

    def network(self) -> PixelNetwork:
        """Return the network to trace."""
        half = self.precision == "float16"
        return PixelNetwork(self.encoder, torch.float16 if half else torch.float32)

    def quantized(self, graph: bytes) -> bytes:
        """Return a graph as int8, or unchanged for the other precisions."""
        if self.precision != "int8":
            return graph
        pixels = np.stack([self.encoder.preprocess.resize(image) for image in self.images])
        return quantize_graph(graph, np.split(pixels, range(BATCH_SIZE, len(pixels), BATCH_SIZE)))

    def record(self, graph: bytes, content: bytes) -> ExportRecord:
        """Return the metadata.

        Args:
            graph: the ONNX graph, which identifies an int8 model.
            content: the content that the record's hash covers.
        """
        int8 = self.precision == "int8"
        state = sha256(graph) if int8 else state_digest(self.encoder)
        described = describe_features(self.encoder, ExtractOptions())
        return ExportRecord(
            model=self.encoder.architecture,
            arch_args=dict(self.encoder.arch_args),
            weights=self.encoder.origin,
            license=self.license,
            state_sha256=state,
            preprocess=self.encoder.preprocess,
            feature_dim=self.encoder.feature_dim,
            precision=self.precision,
            digest=feature_digest({**described, "state_sha256": state}),
            library_version=__version__,
            content_bytes=len(content),
            content_sha256=sha256(content),
        )


def write_onnx(job: ExportJob, path: Path) -> ExportRecord:
    """Write a ``.onnx`` with any N, H and W; needs the extra ``onnx``."""
    graph = job.quantized(onnx_graph(job.network(), "onnx"))
    record = job.record(graph, graph)
    path.write_bytes(with_metadata(graph, record.to_json()))
    return record


def write_openvino(job: ExportJob, path: Path) -> ExportRecord:
    """Write a ``.xml`` and its ``.bin`` with any N, H and W; needs the extra ``openvino``."""
    openvino_module()  # Fails before the slow export if the package is missing.
    half = job.precision == "float16"
    # The weights are rounded when they are saved.
    network = PixelNetwork(job.encoder)
    graph = job.quantized(onnx_graph(network, "openvino"))
    save_openvino(graph, path, "", half=half)
    record = job.record(graph, path.with_suffix(".bin").read_bytes())
    save_openvino(graph, path, record.to_json(), half=half)
    return record


def write_pt2(job: ExportJob, path: Path) -> ExportRecord:
    """Write a ``.pt2`` with any N, H and W."""
    record = job.record(b"", b"")
    save_pt2(trace_pt2(job.network()), path, record.to_json())
    return record


WRITERS: Mapping[str, Callable[[ExportJob, Path], ExportRecord]] = {
    ".onnx": write_onnx,
    ".xml": write_openvino,
    PT2: write_pt2,
}
