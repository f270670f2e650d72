"""Weights: manifest, download, safetensors files, loading with verification, Hub upload."""

from reid_align.weights.encoder_repository import (
    HUB_PREFIX,
    RepositoryFiles,
    fetch_repository,
    read_folder,
    write_folder,
)
from reid_align.weights.fingerprint import (
    Loadable,
    check_fingerprint,
    fingerprint,
    module_fingerprint,
    wave,
)
from reid_align.weights.hub_upload import push_folder
from reid_align.weights.int8 import int8_rounded
from reid_align.weights.manifest import (
    find_manifest,
    find_weights,
    format_manifest,
    parse_manifest,
    shipped_weights,
)
from reid_align.weights.manifest_records import (
    Argument,
    HubFile,
    Metrics,
    TrainingData,
    TrainingRecipe,
    Weights,
)
from reid_align.weights.repository_config import RepositoryConfig
from reid_align.weights.rounded_storage import RoundedDtype, rounded, save_int8, save_rounded
from reid_align.weights.tensor_files import load_tensors, read_tensors, save_tensors
from reid_align.weights.verified_loading import load_file, load_repository, load_weights
from reid_align.weights.weights_header import WeightsHeader, read_header
from reid_align.weights.weights_location import locate_weights
from reid_align.weights.weights_reference import (
    find_network,
    find_published,
    find_weights_file,
    run_networks,
)
from reid_align.weights.weights_source import (
    Origin,
    WeightsSource,
    choose_weights_source,
    open_weights_source,
)

__all__ = [
    "HUB_PREFIX",
    "Argument",
    "HubFile",
    "Loadable",
    "Metrics",
    "Origin",
    "RepositoryConfig",
    "RepositoryFiles",
    "RoundedDtype",
    "TrainingData",
    "TrainingRecipe",
    "Weights",
    "WeightsHeader",
    "WeightsSource",
    "check_fingerprint",
    "choose_weights_source",
    "fetch_repository",
    "find_manifest",
    "find_network",
    "find_published",
    "find_weights",
    "find_weights_file",
    "fingerprint",
    "format_manifest",
    "int8_rounded",
    "load_file",
    "load_repository",
    "load_tensors",
    "load_weights",
    "locate_weights",
    "module_fingerprint",
    "open_weights_source",
    "parse_manifest",
    "push_folder",
    "read_folder",
    "read_header",
    "read_tensors",
    "rounded",
    "run_networks",
    "save_int8",
    "save_rounded",
    "save_tensors",
    "shipped_weights",
    "wave",
    "write_folder",
]
