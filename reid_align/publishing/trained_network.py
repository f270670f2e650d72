"""The network to publish, loaded from a run, a folder or a file and verified."""

from dataclasses import dataclass
from pathlib import Path

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.heads import HEADS, Head, create_head
from reid_align.models import Encoder
from reid_align.models.dense_uv_network import DenseUv, dense_uv
from reid_align.models.model_factory import MODELS
from reid_align.models.pretrained import load_encoder
from reid_align.preprocess import Preprocess
from reid_align.publishing.run_config import TrainingRun, find_run, read_run
from reid_align.weights import find_network
from reid_align.weights.manifest_records import NetworkKind

ESTIMATOR = "dense_uv"
Network = Encoder | DenseUv | Head


@dataclass(frozen=True)
class TrainedNetwork:
    """A network with its weights, in evaluation mode.

    Attributes:
        kind: kind of network in the manifest.
        network: the network, verified by its fingerprint.
        run: the training run; None for converted weights.
    """

    kind: NetworkKind
    network: Network
    run: TrainingRun | None

    @property
    def preprocess(self) -> Preprocess | None:
        """Image preprocessing; None for a head."""
        return None if isinstance(self.network, Head) else self.network.preprocess


def open_trained(architecture: str, where: Path) -> TrainedNetwork:
    """Load the network of a run, a folder of `save_pretrained` or a file.

    Args:
        architecture: the expected architecture.
        where: a run folder (with ``encoder.safetensors``, ``dense_uv.safetensors``, …) or its
            ``best`` folder; a folder with ``model.safetensors``; or a ``.safetensors`` file.

    Raises:
        UnknownNameError: the architecture is unknown.
        InvalidInputError: the weights are of another architecture.
        WeightsError: the weights are missing, damaged, not finite, or fail the fingerprint check.
    """
    kind = _kind(architecture)
    path = find_network(where, "encoder" if kind == "encoder" else architecture)
    network = _load(kind, architecture, path)
    if network.architecture != architecture:
        raise InvalidInputError(
            f"{where} contains {network.architecture}, not {architecture}. Publish it as "
            f"{network.architecture}.TAG, or use other weights."
        )
    config = find_run(path)
    return TrainedNetwork(kind, network, None if config is None else read_run(config))


def _kind(architecture: str) -> NetworkKind:
    if architecture in MODELS:
        return "encoder"
    if architecture in HEADS:
        return "head"
    if architecture == ESTIMATOR:
        return "estimator"
    raise UnknownNameError("architecture", architecture, [*MODELS, *HEADS, ESTIMATOR])


def _load(kind: NetworkKind, architecture: str, path: Path) -> Network:
    if kind == "encoder":
        return load_encoder(path)
    if kind == "estimator":
        return dense_uv(weights=path)
    head = create_head(architecture, weights=path)
    head.eval()
    return head
