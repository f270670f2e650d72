"""Reader of CUHK03's protocol files (cuhk03_new_protocol_config_*.mat)."""

import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.datasets.dataset_files import shown
from reid_align.errors import DatasetFormatError, MissingExtraError

URL = "https://github.com/zhunzhong07/person-re-ranking/tree/master/CUHK03-NP"
_PARTS = ("train_idx", "query_idx", "gallery_idx")

Integers = NDArray[np.int64]


class ProtocolFile(NamedTuple):
    """Labels and splits of N images; rows are 0-based here and 1-based in the file."""

    names: list[str]  # N names, "{pair}_{person:03d}_{view}_{number:02d}.png"
    person_ids: Integers  # (N,), 1 to 1,467
    camera_ids: Integers  # (N,), 1 or 2: the view
    train: Integers  # rows
    query: Integers  # rows
    gallery: Integers  # rows


def read_protocol_file(dataset: str, path: str) -> ProtocolFile:
    """Read a protocol file.

    Args:
        dataset: dataset, for the error message.
        path: the file.

    Raises:
        DatasetFormatError: not a protocol file, or its fields are inconsistent.
        MissingExtraError: scipy is not installed.

    Source: Zhong et al., Re-ranking Person Re-identification with k-reciprocal Encoding,
    CVPR 2017 (arXiv:1701.08398), and its published files.
    """
    try:
        from scipy.io import loadmat
        from scipy.io.matlab import MatReadError
    except ImportError:
        raise MissingExtraError("scipy", "cuhk03", "Reading CUHK03's protocol file") from None
    try:
        mat = loadmat(path)
        names = [str(cell[0]) for cell in mat["filelist"].ravel()]
        person_ids, camera_ids = (_integers(mat[field]) for field in ("labels", "camId"))
        rows = [_integers(mat[part]) - 1 for part in _PARTS]
    except (
        MatReadError,  # loadmat raises various errors for damaged files
        LookupError,
        NotImplementedError,
        OSError,
        TypeError,
        ValueError,
        zlib.error,
    ) as error:
        raise _unreadable(dataset, path, str(error)) from error
    used = np.concatenate(rows)
    if (
        not len(names) == len(person_ids) == len(camera_ids)
        or not np.isin(used, range(len(names))).all()
    ):
        raise _unreadable(dataset, path, "its fields are inconsistent")
    return ProtocolFile(names, person_ids, camera_ids, *rows)


def _integers(column: NDArray[np.float64]) -> Integers:
    """Flatten a MATLAB column, (N, 1) of any number type, to (N,)."""
    return column.ravel().astype(np.int64)


def _unreadable(dataset: str, path: str, reason: str) -> DatasetFormatError:
    return DatasetFormatError(
        f"{dataset}: {shown(path)} cannot be read as a protocol file of CUHK03: {reason}. "
        f"Download it again from {URL}."
    )
