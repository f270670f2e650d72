"""Export of a network to an ONNX graph in memory."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from reid_align.errors import BackendError, MissingExtraError
from reid_align.inference.folding import fold_batch_norms
from reid_align.models.encoder import Encoder


def export_onnx(encoder: Encoder, backend: str) -> bytes:
    """Return the graph from images (N, 3, H, W) float32 to features (N, D), for any N.

    Args:
        encoder: in evaluation mode; its batch norms are folded in place.
        backend: name of the backend in errors, and of the extra that has the exporter.

    Raises:
        MissingExtraError: the exporter is not installed.
        BackendError: the encoder cannot be exported.
    """
    fold_batch_norms(encoder.to("cpu", torch.float32))
    # Batch size 2: the exporter would treat a size of 1 as constant.
    example = torch.zeros(2, 3, encoder.preprocess.height, encoder.preprocess.width)
    try:
        return trace_onnx(encoder, example, {0: "batch"}, backend)
    except RuntimeError as error:
        raise BackendError(backend, str(error).partition("\n")[0]) from error


def trace_onnx(
    network: nn.Module,
    example: Tensor,
    dynamic: dict[int, str],
    extra: str,
    names: tuple[Sequence[str], Sequence[str]] | None = None,
) -> bytes:
    """Return the ONNX graph of a network with one input.

    Args:
        network: in evaluation mode, on the CPU.
        example: an input; dynamic dimensions should be 2 or more and differ from all others.
        dynamic: names of the dynamic dimensions.
        extra: the extra that has the exporter, for errors.
        names: names of the inputs and of the outputs; default: chosen by the exporter.

    Raises:
        MissingExtraError: the exporter is not installed.
        RuntimeError: the network cannot be exported.
    """
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        package = error.name or "onnx"
        raise MissingExtraError(package, extra, "Exporting an encoder") from error
    dimensions = {index: torch.export.Dim(name) for index, name in dynamic.items()}
    inputs, outputs = names or (None, None)
    with quiet_exporter():
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            dynamic_shapes=(dimensions,),
            input_names=inputs,
            output_names=outputs,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("the exporter returned no graph")
    model = program.model_proto
    # If tracing fails, the exporter traces once more, for the size of the example only.
    sizes = model.graph.input[0].type.tensor_type.shape.dim
    if fixed := [name for index, name in dynamic.items() if not sizes[index].dim_param]:
        raise RuntimeError(
            f"the network has branches that depend on the dimension {', '.join(fixed)}"
        )
    graph: bytes = model.SerializeToString()
    return graph


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """Silence warnings and log messages of exporters about their internals."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(before)
