"""Published weights: what is known of them, where they are, and how they get into a module."""

from reid_align.weights.config import Config
from reid_align.weights.fingerprint import (
    Loadable,
    check_fingerprint,
    fingerprint,
    module_fingerprint,
    wave,
)
from reid_align.weights.header import FileInfo, read_info
from reid_align.weights.int8 import rounded
from reid_align.weights.load import load_file, load_repository, load_weights
from reid_align.weights.manifest import (
    find_manifest,
    find_weights,
    format_manifest,
    parse_manifest,
    shipped_weights,
)
from reid_align.weights.push import push_folder
from reid_align.weights.records import (
    Argument,
    HubFile,
    Metrics,
    Recipe,
    TrainingData,
    Weights,
)
from reid_align.weights.repository import (
    HUB_PREFIX,
    RepositoryFiles,
    fetch_repository,
    read_folder,
    write_folder,
)
from reid_align.weights.resolve import locate
from reid_align.weights.source import Origin, Source, choose_source, open_source
from reid_align.weights.tensors import load_tensors, read_tensors, save_int8, save_tensors

__all__ = [
    "HUB_PREFIX",
    "Argument",
    "Config",
    "FileInfo",
    "HubFile",
    "Loadable",
    "Metrics",
    "Origin",
    "Recipe",
    "RepositoryFiles",
    "Source",
    "TrainingData",
    "Weights",
    "check_fingerprint",
    "choose_source",
    "fetch_repository",
    "find_manifest",
    "find_weights",
    "fingerprint",
    "format_manifest",
    "load_file",
    "load_repository",
    "load_tensors",
    "load_weights",
    "locate",
    "module_fingerprint",
    "open_source",
    "parse_manifest",
    "push_folder",
    "read_folder",
    "read_info",
    "read_tensors",
    "rounded",
    "save_int8",
    "save_tensors",
    "shipped_weights",
    "wave",
    "write_folder",
]
