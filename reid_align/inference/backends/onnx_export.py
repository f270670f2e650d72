"""Export of an encoder to an ONNX graph in memory."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

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
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        package = error.name or "onnx"
        raise MissingExtraError(package, backend, "Exporting an encoder") from error
    fold_batch_norms(encoder.to("cpu", torch.float32))
    # Batch size 2: the exporter would treat a size of 1 as constant.
    example = torch.zeros(2, 3, encoder.preprocess.height, encoder.preprocess.width)
    batch = torch.export.Dim("batch")
    try:
        with _silent():
            program = torch.onnx.export(
                encoder, (example,), dynamo=True, dynamic_shapes=({0: batch},), verbose=False
            )
    except RuntimeError as error:
        raise BackendError(backend, str(error).partition("\n")[0]) from error
    if program is None:
        raise BackendError(backend, "the exporter returned no graph")
    graph: bytes = program.model_proto.SerializeToString()
    return graph


@contextmanager
def _silent() -> Iterator[None]:
    """Silence the exporter's warnings about its internals."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(before)
