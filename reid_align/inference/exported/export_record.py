"""Metadata inside an exported file: which encoder it computes, and how."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from os import PathLike, fspath
from typing import Literal

from reid_align.errors import InvalidInputError, WeightsFormatError
from reid_align.preprocess import Preprocess
from reid_align.typed_reading import SCHEMA, parse_document, read_record
from reid_align.weights import Argument, Origin

# Key of the record: in ONNX's metadata, in OpenVINO's rt_info, and of the extra file in a .pt2.
METADATA_KEY = "reid_align"
Precision = Literal["float32", "float16", "int8"]


@dataclass(frozen=True)
class ExportRecord:
    """Metadata of an exported file, stored as JSON.

    Attributes:
        model: architecture of the encoder.
        arch_args: its arguments.
        weights: origin of its weights.
        license: license of the weights; "unknown" if it was not stated.
        state_sha256: digest of the encoder's tensors; with int8, of the quantized graph, because
            its features differ by more than rounding.
        preprocess: image preprocessing, which is part of the graph.
        feature_dim: D.
        precision: number format of the encoder in the graph.
        digest: digest of the normalized features, see `feature_digest`.
        library_version: version of reid_align that wrote the file.
        content_bytes: length of the content that ``content_sha256`` covers: the start of a .onnx,
            or all of the .bin of a .xml.
        content_sha256: hash that detects a damaged or edited file.
    """

    model: str
    arch_args: Mapping[str, Argument] = field(hash=False)
    weights: Origin
    license: str
    state_sha256: str
    preprocess: Preprocess
    feature_dim: int
    precision: Precision
    digest: str
    library_version: str
    content_bytes: int
    content_sha256: str

    def to_json(self) -> str:
        """Return the record as stored in the file."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, allow_nan=False)


def parse_record(text: str | None, path: str | PathLike[str]) -> ExportRecord:
    """Read the metadata of a file.

    Args:
        text: the stored text; None if the file has none.
        path: the file, for messages.

    Raises:
        WeightsFormatError: there is no metadata, or it violates its schema.
    """
    if text is None:
        raise WeightsFormatError(
            f"{fspath(path)} has no metadata of reid_align, so its weights and preprocessing are "
            "unknown. Export the encoder with reid_align.exporting.export_encoder."
        )
    try:
        return read_record(ExportRecord, parse_document(text))
    except InvalidInputError as error:
        raise WeightsFormatError(f"{fspath(path)}: metadata: {error}.") from error
