"""PyTorch's export format ``.pt2``."""

import io
from pathlib import Path

import torch
from torch import Tensor

from reid_align.errors import ExportError
from reid_align.exporting.onnx_graph import DIMENSIONS, example_images
from reid_align.exporting.pixel_network import PixelNetwork
from reid_align.inference.backends import Backend
from reid_align.inference.backends.onnx_export import quiet_exporter
from reid_align.inference.exported import METADATA_KEY

Program = torch.export.ExportedProgram


def trace_pt2(network: PixelNetwork) -> Program:
    """Trace a network for images (N, H, W, 3) uint8 of any N, H and W.

    Raises:
        ExportError: the encoder cannot be exported.
    """
    dimensions = {index: torch.export.Dim(name) for index, name in DIMENSIONS.items()}
    try:
        with quiet_exporter():
            program = torch.export.export(
                network, (example_images(network),), dynamic_shapes=(dimensions,)
            )
    except RuntimeError as error:
        raise ExportError(network.encoder.architecture, "PyTorch", error) from error
    for module in program.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, torch.fx.GraphModule) else ():
            # Contains the paths of source files on this machine.
            node.meta.pop("stack_trace", None)
    return program


def save_pt2(program: Program, path: Path, record: str) -> None:
    """Write a program with its metadata as the extra file ``reid_align``."""
    # Through memory: torch's writer aborts the process when the disk is full.
    content = io.BytesIO()
    with quiet_exporter():
        torch.export.save(program, content, extra_files={METADATA_KEY: record})
    path.write_bytes(content.getvalue())


def open_pt2(path: Path) -> Backend:
    """Open a file from a trusted source: it can contain a pickle.

    Returns:
        The features of length 1 (N, D) of images (N, 3, H, W) uint8, as a backend.
    """
    with quiet_exporter():
        network = torch.export.load(path).module()

    @torch.inference_mode()
    def run(images: Tensor) -> Tensor:
        features: Tensor = network(images.permute(0, 2, 3, 1).contiguous())[0]
        return features

    return run
