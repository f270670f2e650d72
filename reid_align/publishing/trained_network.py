"""The network that is to be published, from wherever it lies, and proven to load."""

from dataclasses import dataclass
from pathlib import Path

from reid_align.errors import InvalidInputError, UnknownNameError, WeightsNotFoundError
from reid_align.heads import HEADS, Head, create_head
from reid_align.models import Encoder
from reid_align.models.dense_uv_network import DenseUv, dense_uv
from reid_align.models.model_factory import MODELS
from reid_align.models.pretrained import load_encoder
from reid_align.preprocess import Preprocess
from reid_align.publishing.run_config import TrainingRun, find_run, read_run
from reid_align.weights.encoder_repository import WEIGHTS_NAME
from reid_align.weights.manifest_records import NetworkKind

ESTIMATOR = "dense_uv"
Network = Encoder | DenseUv | Head


@dataclass(frozen=True)
class TrainedNetwork:
    """A network with its weights, in evaluation mode.

    Attributes:
        kind: what it is for the manifest.
        network: the network; what it computes was compared with its file's fingerprint.
        run: the training it comes from; None where it was converted.
    """

    kind: NetworkKind
    network: Network
    run: TrainingRun | None

    @property
    def preprocess(self) -> Preprocess | None:
        """What is done to a image first; None for a head, which reads none."""
        return None if isinstance(self.network, Head) else self.network.preprocess


def open_trained(architecture: str, where: Path) -> TrainedNetwork:
    """Load what a run, a folder of `save_pretrained` or a file holds.

    Args:
        architecture: what it has to be.
        where: a run's folder (with ``encoder.safetensors``, ``dense_uv.safetensors``, …), or its
            ``best``; a folder with ``model.safetensors``; or a ``.safetensors`` file.

    Raises:
        UnknownNameError: no network of that name.
        InvalidInputError: it is of another architecture.
        WeightsError: it is not there, damaged, not finite, or does not compute what it did.
    """
    kind = _kind(architecture)
    path = find_product(where, "encoder" if kind == "encoder" else architecture)
    network = _load(kind, architecture, path)
    if network.architecture != architecture:
        raise InvalidInputError(
            f"{where} holds {network.architecture}, and the name says {architecture}. Publish it "
            f"as {network.architecture}.TAG, or give other weights."
        )
    config = find_run(path)
    return TrainedNetwork(kind, network, None if config is None else read_run(config))


def find_product(where: Path, product: str) -> Path:
    """Return the file or the folder that the loaders take.

    Args:
        where: as for `open_trained`.
        product: what a run's file of it is called: "encoder", "san_decoder", …

    Raises:
        WeightsNotFoundError: it is not there.
    """
    file = f"{product}.safetensors"
    if where.is_file() or (where / WEIGHTS_NAME).is_file():
        return where
    if (where / file).is_file():
        return where / file
    below = [path.parent.name for path in sorted(where.glob(f"*/{file}"))]
    advice = "Give the folder of a finished run, or one that save_pretrained or convert wrote."
    if below:
        advice = f"There is one in {' and in '.join(below)} below: name that folder."
    raise WeightsNotFoundError(f"{where}: there is no {file} and no {WEIGHTS_NAME}. {advice}")


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
