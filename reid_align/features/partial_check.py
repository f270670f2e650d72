"""Check of unfinished work against its image list, before it is resumed."""

import csv
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from reid_align.errors import OutputError
from reid_align.features.feature_files import CSV_HEADER
from reid_align.features.image_batches import FailedImage
from reid_align.features.partial_folder import FAILED, FEATURES, ROWS, ExtractionProgress
from reid_align.typed_reading import read_record

VALUE_BYTES = 4


def check_partial(
    folder: Path, progress: ExtractionProgress, names: Iterable[str], feature_dim: int
) -> None:
    """Check that the files hold each image of the list up to the recorded progress.

    Args:
        folder: working folder.
        progress: recorded progress.
        names: images of this run, in order.
        feature_dim: D.

    Raises:
        OutputError: a file is damaged, or its content is not what the progress says.
    """
    try:
        _check_features(folder / FEATURES, progress, feature_dim)
        rows = _rows(folder / ROWS, progress.sizes[ROWS])
        failed = _failed(folder / FAILED, progress.sizes[FAILED])
        _match(names, progress, rows, failed)
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise OutputError(
            f"{folder} is damaged ({error}). Delete the folder to start over."
        ) from error


def _check_features(path: Path, progress: ExtractionProgress, feature_dim: int) -> None:
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        expected = file.tell() + progress.rows * feature_dim * VALUE_BYTES
    if shape[1:] != (feature_dim,) or dtype != np.dtype("<f4"):
        raise ValueError(f"{path.name} has values of shape {shape} and dtype {dtype}")
    if progress.sizes[FEATURES] != expected:
        raise ValueError(
            f"{path.name}: {progress.rows} rows take {expected} bytes, but "
            f"{progress.sizes[FEATURES]} are recorded"
        )


def _match(
    names: Iterable[str],
    progress: ExtractionProgress,
    rows: Iterator[str],
    failed: Iterator[str],
) -> None:
    """Require each name once, in order, either as a row or as a failed image."""
    row, failure = next(rows, None), next(failed, None)
    images = readable = 0
    for name in islice(names, progress.images):
        if name == row:
            row, readable = next(rows, None), readable + 1
        elif name == failure:
            failure = next(failed, None)
        else:
            raise ValueError(f"the image {name} is missing")
        images += 1
    if (images, readable, row, failure) != (progress.images, progress.rows, None, None):
        raise ValueError(
            f"{progress.images} images and {progress.rows} rows are recorded, which the files do "
            "not hold"
        )


def _rows(path: Path, size: int) -> Iterator[str]:
    lines = _lines(path, size)
    if next(lines, None) != CSV_HEADER:
        raise ValueError(f"{path.name} has no header")
    table = csv.reader((line.decode("utf-8", "surrogateescape") for line in lines), strict=True)
    for number, row in enumerate(table):
        if len(row) != 2 or row[0] != str(number):
            raise ValueError(f"{path.name}: row {number} is damaged")
        yield row[1]


def _failed(path: Path, size: int) -> Iterator[str]:
    for line in _lines(path, size):
        yield read_record(FailedImage, json.loads(line)).path


def _lines(path: Path, size: int) -> Iterator[bytes]:
    """Yield the lines in the first ``size`` bytes."""
    with path.open("rb") as file:
        while size > 0:
            line = file.readline()
            size -= len(line)
            if size < 0 or not line.endswith(b"\n"):
                raise ValueError(f"{path.name} ends inside a line")
            yield line
