"""A small encoder with records and files, for the tests of weights."""

import dataclasses
from pathlib import Path

import torch
from hub_server import sha256
from torch import Tensor, nn

from reid_align.preprocess import Preprocess
from reid_align.weights import (
    HubFile,
    Metrics,
    TrainingData,
    TrainingRecipe,
    Weights,
    WeightsHeader,
    module_fingerprint,
    save_tensors,
    wave,
)

COMMIT = "0123456789abcdef" * 2 + "01234567"
REPO_ID = "reid-align/tiny"


class TinyEncoder(nn.Module):
    """Convolution, batch norm (with an integer buffer), linear: (N, 3, H, W) -> (N, 40)."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.conv = nn.Conv2d(3, 8, 3, stride=2)
        self.norm = nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 40)
        self.norm.running_mean.uniform_(-0.5, 0.5)

    def example_inputs(self) -> tuple[Tensor, ...]:
        return (wave(1, 3, 16, 8),)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.norm(self.conv(images)).relu().mean((2, 3)))


def same_tensors(first: nn.Module, second: nn.Module) -> bool:
    others = second.state_dict()
    return all(torch.equal(tensor, others[name]) for name, tensor in first.state_dict().items())


def info_of(encoder: TinyEncoder, **changes: object) -> WeightsHeader:
    info = WeightsHeader("tiny", {"seed": 0}, Preprocess(16, 8), module_fingerprint(encoder))
    return dataclasses.replace(info, **changes)


def bytes_of(encoder: TinyEncoder, folder: Path) -> bytes:
    """The content of a file with this encoder's weights."""
    path = folder / "bytes_of.safetensors"
    save_tensors(encoder, path, info_of(encoder))
    content = path.read_bytes()
    path.unlink()
    return content


def weights_of(content: bytes = b"content", **changes: object) -> Weights:
    """A valid record of a file with this content, with some of its values changed."""
    record = Weights(
        name="tiny.synthetic",
        kind="encoder",
        architecture="tiny",
        arch_args={"parts": 4, "share": "all", "wide": False, "scale": 0.5},
        default=True,
        hub=HubFile(REPO_ID, COMMIT, "tiny.synthetic.safetensors"),
        bundled=None,
        bytes=len(content),
        sha256=sha256(content),
        dtype="float32",
        parameters=600,
        feature_dim=40,
        preprocess=Preprocess(16, 8),
        training_data=(TrainingData("generated people", "Apache-2.0", synthetic=True),),
        recipe=TrainingRecipe(
            "tiny", "python -m reid_align.train tiny", COMMIT, seed=1, cost="a minute on one core"
        ),
        license="Apache-2.0",
        metrics=(
            Metrics("market1501", "single query", 95.5, 88.0, "python -m reid_align.evaluate"),
            Metrics("synthetic", "single query", 90.0, 80.0, "a command", "128×64 copies"),
        ),
        fingerprint=module_fingerprint(TinyEncoder()),
    )
    return dataclasses.replace(record, **changes)
