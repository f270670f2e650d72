"""The protocol files of CUHK03: cuhk03_new_protocol_config_labeled.mat and …_detected.mat."""

import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.datasets.files import shown
from reid_align.errors import DatasetFormatError, MissingExtraError

URL = "https://github.com/zhunzhong07/person-re-ranking/tree/master/CUHK03-NP"
_PARTS = ("train_idx", "query_idx", "gallery_idx")

Integers = NDArray[np.int64]


class ProtocolFile(NamedTuple):
    """What a protocol file says about N images; rows count from 0 here, from 1 in the file."""

    names: list[str]  # N names, "{pair}_{person:03d}_{view}_{number:02d}.png"
    persons: Integers  # (N,), 1 to 1,467
    cameras: Integers  # (N,), 1 or 2: the view
    train: Integers  # rows
    query: Integers  # rows
    gallery: Integers  # rows


def read_protocol_file(dataset: str, path: str) -> ProtocolFile:
    """Read a protocol file.

    Args:
        dataset: the dataset, for the error message.
        path: the file.

    Raises:
        DatasetFormatError: it is no such file, or its fields do not fit together.
        MissingExtraError: scipy is not installed.

    Source: Zhong et al., Re-ranking Person Re-identification with k-reciprocal Encoding,
    CVPR 2017 (arXiv:1701.08398), and the files that were published with it.
    """
    try:
        from scipy.io import loadmat
        from scipy.io.matlab import MatReadError
    except ImportError:
        raise MissingExtraError("scipy", "cuhk03", "Reading CUHK03's protocol file") from None
    try:
        mat = loadmat(path)
        names = [str(cell[0]) for cell in mat["filelist"].ravel()]
        persons, cameras = (_integers(mat[field]) for field in ("labels", "camId"))
        rows = [_integers(mat[part]) - 1 for part in _PARTS]
    except (
        MatReadError,  # what a broken file raises depends on where it is broken
        LookupError,
        NotImplementedError,
        OSError,
        TypeError,
        ValueError,
        zlib.error,
    ) as error:
        raise _unreadable(dataset, path, str(error)) from error
    used = np.concatenate(rows)
    if not len(names) == len(persons) == len(cameras) or not np.isin(used, range(len(names))).all():
        raise _unreadable(dataset, path, "its fields do not fit together")
    return ProtocolFile(names, persons, cameras, *rows)


def _integers(column: NDArray[np.float64]) -> Integers:
    """Flatten a MATLAB column, (N, 1) of any number type, to (N,)."""
    return column.ravel().astype(np.int64)


def _unreadable(dataset: str, path: str, reason: str) -> DatasetFormatError:
    return DatasetFormatError(
        f"{dataset}: {shown(path)} cannot be read as a protocol file of CUHK03: {reason}. "
        f"Download it again from {URL}."
    )
