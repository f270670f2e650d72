"""ONNX graphs of encoders, and metadata appended to them."""

import hashlib

import torch

from reid_align.errors import ExportError
from reid_align.exporting.pixel_network import PixelNetwork
from reid_align.inference.backends.onnx_export import trace_onnx
from reid_align.inference.exported import FEATURES, INPUT, METADATA_KEY, RAW_FEATURES

DIMENSIONS = {0: "batch", 1: "height", 2: "width"}


def example_images(network: PixelNetwork) -> torch.Tensor:
    """Return an input for tracing; its size differs from every size in the network."""
    preprocess = network.encoder.preprocess
    return torch.zeros(2, preprocess.height + 13, preprocess.width + 7, 3, dtype=torch.uint8)


def onnx_graph(network: PixelNetwork, extra: str) -> bytes:
    """Return the graph from images (N, H, W, 3) uint8, for any N, H and W, to both outputs.

    Args:
        network: the network.
        extra: the extra that has the exporter, for errors.

    Raises:
        MissingExtraError: the exporter is not installed.
        ExportError: the encoder cannot be exported.
    """
    names = ([INPUT], [FEATURES, RAW_FEATURES])
    try:
        graph = trace_onnx(network, example_images(network), DIMENSIONS, extra, names)
    except RuntimeError as error:
        raise ExportError(network.encoder.architecture, "ONNX", error) from error
    return _without_traces(graph)


def with_metadata(graph: bytes, record: str) -> bytes:
    """Append the metadata to a graph; the graph's own bytes stay at the start."""
    import onnx

    entry = onnx.StringStringEntryProto(key=METADATA_KEY, value=record)
    appended: bytes = onnx.ModelProto(metadata_props=[entry]).SerializeToString()
    return graph + appended


def sha256(content: bytes) -> str:
    """Return the SHA-256 as hex digits."""
    return hashlib.sha256(content).hexdigest()


def _without_traces(graph: bytes) -> bytes:
    """Remove the exporter's notes, which contain the paths of source files on this machine."""
    import onnx

    model = onnx.load_from_string(graph)
    body = model.graph
    groups = (body.node, body.input, body.output, body.value_info, body.initializer)
    for part in (model, body, *(item for group in groups for item in group)):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    stripped: bytes = model.SerializeToString(deterministic=True)
    return stripped
