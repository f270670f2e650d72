"""Export of encoders to ONNX, OpenVINO and PyTorch files, with all preprocessing in the graph."""

from reid_align.exporting.antialiased_resize import resize_images
from reid_align.exporting.check_images import check_images
from reid_align.exporting.encoder_export import ExportedModel, export_encoder
from reid_align.exporting.export_check import ExportCheck, check_export
from reid_align.exporting.pixel_network import PixelNetwork
from reid_align.inference.exported import ExportedEncoder, ExportRecord, Precision, open_exported

__all__ = [
    "ExportCheck",
    "ExportRecord",
    "ExportedEncoder",
    "ExportedModel",
    "PixelNetwork",
    "Precision",
    "check_export",
    "check_images",
    "export_encoder",
    "open_exported",
    "resize_images",
]
