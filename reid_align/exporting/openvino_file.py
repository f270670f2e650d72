"""OpenVINO's format: a ``.xml`` with the graph and a ``.bin`` with the weights."""

from pathlib import Path
from types import ModuleType

from reid_align.errors import MissingExtraError, OutputError
from reid_align.inference.exported import METADATA_KEY


def openvino_module() -> ModuleType:
    """Import OpenVINO.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import openvino
    except ImportError as error:
        raise MissingExtraError("openvino", "openvino", "Exporting to .xml") from error
    module: ModuleType = openvino
    return module


def save_openvino(graph: bytes, path: Path, record: str, *, half: bool) -> None:
    """Convert an ONNX graph and write both files.

    Args:
        graph: the ONNX graph.
        path: the ``.xml``.
        record: the metadata, stored in ``rt_info``.
        half: store the weights as float16; the runtime chooses the precision of the arithmetic.

    Raises:
        OutputError: the disk is full.
    """
    openvino = openvino_module()
    model = openvino.Core().read_model(graph)
    model.set_rt_info(record, [METADATA_KEY])
    try:
        openvino.save_model(model, path, compress_to_fp16=half)
    except RuntimeError as error:
        # The message of its writer has no reason.
        raise OutputError(
            f"OpenVINO cannot write {path.name}. Free disk space or choose another output."
        ) from error
