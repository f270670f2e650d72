"""Encoders in exported files: ONNX, or OpenVINO's format, with the metadata of this library."""

from reid_align.inference.exported.export_record import METADATA_KEY, ExportRecord, Precision
from reid_align.inference.exported.exported_encoder import (
    ExportedEncoder,
    is_exported,
    open_exported,
)
from reid_align.inference.exported.exported_file import FEATURES, INPUT, RAW_FEATURES

__all__ = [
    "FEATURES",
    "INPUT",
    "METADATA_KEY",
    "RAW_FEATURES",
    "ExportRecord",
    "ExportedEncoder",
    "Precision",
    "is_exported",
    "open_exported",
]
