"""Loading of weights into a module, verified by the feature fingerprint."""

from os import PathLike, fspath
from pathlib import Path

from reid_align.weights.encoder_repository import RepositoryFiles
from reid_align.weights.fingerprint import Loadable, check_fingerprint, module_fingerprint
from reid_align.weights.manifest_records import Weights
from reid_align.weights.tensor_files import load_tensors
from reid_align.weights.weights_header import WeightsHeader, read_header
from reid_align.weights.weights_location import locate_weights


def load_weights(module: Loadable, weights: Weights) -> None:
    """Load published weights into a module built for them, and check the fingerprint.

    Raises:
        WeightsError: see `locate_weights`, `load_tensors` and `check_fingerprint`.
    """
    _load(module, locate_weights(weights), weights.fingerprint, weights.name)


def load_file(module: Loadable, path: str | PathLike[str]) -> WeightsHeader | None:
    """Load a weights file into a module and return its header; check its fingerprint if any.

    Raises:
        WeightsError: the file does not exist, is not a safetensors file, or does not match.
    """
    info = read_header(path)
    _load(module, Path(path), info.fingerprint if info else None, fspath(path))
    return info


def load_repository(module: Loadable, files: RepositoryFiles) -> None:
    """Load the weights of a repository or folder into a module built from its config.

    Raises:
        WeightsError: the tensors do not match, or the fingerprint differs.
    """
    _load(module, files.weights, files.config.fingerprint, str(files.weights))


def _load(module: Loadable, path: Path, expected: tuple[float, ...] | None, source: str) -> None:
    load_tensors(module, path)
    if expected is not None:
        check_fingerprint(module_fingerprint(module), expected, source)
