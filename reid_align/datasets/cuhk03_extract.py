"""Extraction of images and test sets from cuhk-03.mat, the release file of CUHK03."""

import csv
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from reid_align.datasets.dataset_files import absolute, shown
from reid_align.datasets.folder_layout import describe
from reid_align.errors import DatasetFormatError, DatasetNotFoundError, MissingExtraError
from reid_align.files import writing

TESTSETS_FILE = "cuhk03_testsets.csv"
_FIELDS = ("detected", "labeled", "testsets")
_IMAGES_PER_VIEW = 5


class _Hdf5(Protocol):
    """The used part of h5py.File: maps a name or a cell reference to an array."""

    def __contains__(self, key: object, /) -> bool: ...
    def __getitem__(self, key: object, /) -> ArrayLike: ...


def extract_cuhk03(mat: str | os.PathLike[str], folder: str | os.PathLike[str]) -> int:
    """Extract cuhk-03.mat into a folder that the CUHK03 datasets can be loaded from.

    The folder gets ``images_detected/``, ``images_labeled/`` (PNG, RGB, named
    ``{pair}_{person:03d}_{view}_{number:02d}.png``; view 1 for the numbers 1 to 5, else 2) and
    ``cuhk03_testsets.csv`` with the 20 test sets of the classic protocol. Existing images are
    kept, so an interrupted extraction can be resumed. Files appear only when complete.

    Args:
        mat: cuhk-03.mat, about 1 GB; read image by image.
        folder: output folder; created if it does not exist.

    Returns:
        The number of images written, excluding existing ones.

    Raises:
        DatasetNotFoundError: the file does not exist.
        DatasetFormatError: not an HDF5 file, or fields of cuhk-03.mat are missing.
        MissingExtraError: h5py is not installed.
        OutputError: the folder cannot be written; written files are kept.

    Source: layout of the file. ``detected`` and ``labeled`` are cells of 5 camera pairs, each a
    cell with one row per identity and 10 images per row, empty if missing; ``testsets`` is a cell
    of 20 matrices with the rows (pair, person). MATLAB is column-major, so HDF5 shows arrays
    transposed.
    """
    try:
        import h5py
    except ImportError:
        raise MissingExtraError("h5py", "cuhk03", "Reading cuhk-03.mat") from None
    mat, folder = absolute(mat), absolute(folder)
    if not os.path.isfile(mat):
        raise DatasetNotFoundError("cuhk03", shown(mat), "the file cuhk-03.mat", describe(mat))
    if not h5py.is_hdf5(mat):
        raise DatasetFormatError(f"{shown(mat)} is not an HDF5 file. Pass cuhk-03.mat itself.")
    with closing(h5py.File(mat, "r")) as file:
        absent = [field for field in _FIELDS if field not in file]
        if absent:
            raise DatasetFormatError(
                f"{shown(mat)} has no field {absent[0]!r}. Pass cuhk-03.mat, which has "
                f"{', '.join(_FIELDS)}."
            )
        written = sum(
            _write_images(file, boxes, os.path.join(folder, f"images_{boxes}"))
            for boxes in ("detected", "labeled")
        )
        _write_testsets(file, os.path.join(folder, TESTSETS_FILE))
    return written


def _write_images(file: _Hdf5, boxes: str, folder: str) -> int:
    with writing(Path(folder)):
        os.makedirs(folder, exist_ok=True)
    return sum(
        _write_image(path, _transposed(file, cell))
        for name, cell in _image_cells(file, boxes)
        if not os.path.exists(path := os.path.join(folder, name))
    )


def _image_cells(file: _Hdf5, boxes: str) -> Iterator[tuple[str, object]]:
    """Yield the file name of each image and its reference."""
    for pair, pair_cell in enumerate(_transposed(file, boxes).flat, start=1):
        for person, cells in enumerate(_transposed(file, pair_cell), start=1):
            for number, cell in enumerate(cells, start=1):
                view = 1 if number <= _IMAGES_PER_VIEW else 2
                yield f"{pair}_{person:03d}_{view}_{number:02d}.png", cell


def _transposed(file: _Hdf5, key: object) -> NDArray[np.generic]:
    return np.asarray(file[key]).T


def _write_image(path: str, image: NDArray[np.generic]) -> bool:
    if image.ndim != 3:  # MATLAB stores an empty matrix as the vector of its size
        return False
    stored = Image.fromarray(np.ascontiguousarray(image, dtype=np.uint8))
    with writing(Path(path)):
        stored.save(path + ".part", "PNG")
        os.replace(path + ".part", path)
    return True


def _write_testsets(file: _Hdf5, path: str) -> None:
    rows = [
        (number, pair, person)
        for number, cell in enumerate(_transposed(file, "testsets").flat)
        for pair, person in _transposed(file, cell).astype(np.int64)
    ]
    with writing(Path(path)):
        with open(path + ".part", "w", newline="", encoding="utf-8") as part:
            csv.writer(part).writerows([("testset", "pair", "person"), *rows])
        os.replace(path + ".part", path)
