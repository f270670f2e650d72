"""Export of an encoder to one file."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import (
    ExportCheckError,
    InvalidInputError,
    OutputExistsError,
    UnknownNameError,
    UnsupportedComputeError,
)
from reid_align.exporting.check_images import check_images
from reid_align.exporting.export_check import ExportCheck, check_export
from reid_align.exporting.export_formats import WRITERS, ExportJob
from reid_align.files import check_writable, writing
from reid_align.inference.exported import ExportedEncoder, ExportRecord, Precision
from reid_align.inference.exported.exported_encoder import PT2
from reid_align.inference.prepared_encoder import check_encoder
from reid_align.models.encoder import Encoder
from reid_align.weights import shipped_weights

UNKNOWN_LICENSE = "unknown"
# Of the given images, every fourth is for the check and the others are for the calibration.
CHECK_EVERY = 4
MIN_IMAGES = 8


@dataclass(frozen=True)
class ExportedModel:
    """Summary of an export.

    Attributes:
        path: the file.
        bytes: its size; with OpenVINO, of both files.
        record: its metadata.
        check: the comparison with the encoder, or None.
    """

    path: Path
    bytes: int
    record: ExportRecord
    check: ExportCheck | None


def export_encoder(
    encoder: Encoder,
    output: str | os.PathLike[str],
    *,
    precision: Precision = "float32",
    images: Sequence[NDArray[np.uint8]] = (),
    license_name: str | None = None,
    check: bool = False,
    overwrite: bool = False,
) -> ExportedModel:
    """Write an encoder and all its preprocessing to a ``.onnx``, ``.xml`` or ``.pt2`` file.

    The graph takes images (N, H, W, 3) uint8 RGB, with any N, H and W, and returns "features"
    (N, D) float32 of length 1 and "raw_features" as the encoder computes them. It resizes as
    Pillow does, antialiased. The files appear when everything is done.

    Args:
        encoder: any encoder of this library; not modified.
        output: ``.onnx``; ``.xml``, which also writes a ``.bin``; or ``.pt2``.
        precision: "float32", "float16" or "int8". Preprocessing and result stay in float32.
        images: at least 8 images (H, W, 3) uint8 RGB from your cameras, needed for int8: three
            quarters calibrate it, the others are for the check.
        license_name: license of the weights; default: that of the published weights, or
            "unknown".
        check: compare the file with `extract_features`, on ``images`` or on drawn figures, resized
            to eight sizes.
        overwrite: replace existing files.

    Raises:
        ExportCheckError: the check found a difference; nothing is written.
        ExportError: the encoder cannot be exported.
        InvalidInputError: an unknown suffix, too few images, or an encoder that is an exported
            file.
        MissingExtraError: the packages for the format are not installed.
        OutputError: the output cannot be written, or exists and ``overwrite`` is False.
    """
    path = Path(output)
    _check_request(encoder, path, precision, images)
    outputs = [path.with_suffix(".bin")] * (path.suffix == ".xml") + [path]
    _check_outputs(outputs, overwrite)
    held_out = list(images[::CHECK_EVERY])
    calibration = [image for index, image in enumerate(images) if index % CHECK_EVERY]
    job = ExportJob(encoder, precision, license_name or _license(encoder), calibration)
    with (
        writing(path),
        tempfile.TemporaryDirectory(".partial", f"{path.stem[:100]}.", path.parent) as folder,
    ):
        draft = Path(folder, path.name)
        record, found = WRITERS[path.suffix](job, draft), None
        if check:
            compared = check_images(encoder.preprocess, held_out)
            found = _passed(check_export(draft, encoder, compared, precision), path)
        # The .xml last: it is useless without the .bin.
        for file in outputs:
            Path(folder, file.name).replace(file)
    return ExportedModel(path, sum(file.stat().st_size for file in outputs), record, found)


def _check_request(
    encoder: Encoder, path: Path, precision: Precision, images: Sequence[NDArray[np.uint8]]
) -> None:
    check_encoder(encoder)
    if isinstance(encoder, ExportedEncoder):
        raise InvalidInputError(
            f"{encoder.origin.name} is an exported model. Export the weights it was made from, "
            f"{encoder.record.weights.name}."
        )
    if path.suffix not in WRITERS:
        raise InvalidInputError(f"Output {path}: the suffix must be one of {', '.join(WRITERS)}.")
    if precision not in get_args(Precision):
        raise UnknownNameError("precision", precision, get_args(Precision))
    if precision == "int8":
        if path.suffix == PT2:
            raise UnsupportedComputeError(f"Output {path}: int8 needs .onnx or .xml.")
        if len(images) < MIN_IMAGES:
            raise InvalidInputError(
                f"int8 is calibrated on images: give at least {MIN_IMAGES} person images from your "
                f"cameras, better 100; there are {len(images)}."
            )


def _check_outputs(outputs: Sequence[Path], overwrite: bool) -> None:
    for file in outputs:
        check_writable(file)
        if os.path.lexists(file) and not overwrite:
            raise OutputExistsError(
                f"Output {file} exists. Choose another output, or replace it (overwrite=True)."
            )


def _license(encoder: Encoder) -> str:
    """Return the license of published weights, also if they were adapted."""
    published = shipped_weights().get(encoder.origin.name.removesuffix(", adapted"))
    return published.license if published else UNKNOWN_LICENSE


def _passed(found: ExportCheck, path: Path) -> ExportCheck:
    if not found.passed:
        raise ExportCheckError(
            f"The exported model differs from the encoder: {found}. {path} was not written."
        )
    return found
