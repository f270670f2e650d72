"""Small tasks and in-memory loaders that train within a second."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.losses import BatchHardTriplet
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess
from reid_align.training import (
    Losses,
    OptimizerConfig,
    StepContext,
    Task,
    TrainingConfig,
    TrainingSummary,
    run_training,
)

IDENTITIES, IMAGES, HEIGHT, WIDTH = 6, 4, 16, 8


class ToyEncoder(Encoder):
    """Two convolutions and a batch norm."""

    architecture = "toy"
    feature_dim = 8
    imagenet_model = "toy"

    def __init__(self) -> None:
        super().__init__()
        self.arch_args, self.preprocess = {}, Preprocess(HEIGHT, WIDTH)
        self.conv1 = nn.Conv2d(3, 4, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 8, 3, 2, 1)

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        return (self.conv2(self.bn1(self.conv1(images)).relu()),)

    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        return self.forward_head(maps)

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        return maps[-1].relu().mean((2, 3))


class ToyTask(Task):
    """Identity classifier with dropout, and the triplet loss over the gathered batch."""

    frozen_norms = False

    def __init__(self, seed: int = 0, dropout: float = 0.1) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.encoder = ToyEncoder()
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(8, IDENTITIES))
        self.triplet = BatchHardTriplet()

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        return {"reid": BatchSpec()}

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        features = self.encoder(batch.images)
        identity = F.cross_entropy(self.classifier(features), batch.person_ids)
        gathered = context.group.gather(features), context.group.gather(batch.person_ids)
        triplet = self.triplet(features, batch.person_ids, gathered)
        return Losses({"main": identity + triplet}, {"identity": identity, "triplet": triplet})

    def train(self, mode: bool = True) -> "ToyTask":
        super().train(mode)
        if self.frozen_norms:
            self.encoder.bn1.eval()
        return self

    def sample_images(self, batch: Batch) -> Mapping[str, Tensor]:
        return {"input": batch.images}


class TwoObjectives(ToyTask):
    """Adds a decoder with a second optimizer, which also updates the encoder."""

    frozen_statistics = frozenset({"synthetic"})

    def __init__(self, seed: int = 0, dropout: float = 0.0) -> None:
        super().__init__(seed, dropout)
        self.decoder = nn.Linear(8, 3)

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        return {"reid": BatchSpec(), "synthetic": BatchSpec()}

    def parameter_groups(self) -> Mapping[str, list[nn.Parameter]]:
        encoder = list(self.encoder.parameters())
        return {
            "main": [*encoder, *self.classifier.parameters()],
            "texture": [*encoder, *self.decoder.parameters()],
        }

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        features = self.encoder(batch.images)
        texture = F.l1_loss(self.decoder(features), batch.images.mean((2, 3)))
        if stream == "synthetic":
            return Losses({"texture": texture}, {"texture": texture})
        identity = F.cross_entropy(self.classifier(features), batch.person_ids)
        return Losses(
            {"main": identity, "texture": texture}, {"identity": identity, "texture": texture}
        )


@dataclass(frozen=True)
class MemoryLoader:
    """Batches of colored noise with 4 images per identity. They differ between epochs.

    Attributes:
        length: batches per even epoch. Odd epochs have one more.
        identities: identities per batch of all processes.
    """

    seed: int = 0
    length: int = 3
    identities: int = 4
    rank: int = 0
    size: int = 1

    def batches_per_epoch(self, epoch: int) -> int:
        return self.length + epoch % 2

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        for number in range(start, self.batches_per_epoch(epoch)):
            yield self.batch(epoch, number)

    def batch(self, epoch: int, number: int) -> Batch:
        rng = np.random.default_rng((self.seed, epoch, number))
        labels = np.repeat(rng.permutation(IDENTITIES)[: self.identities], IMAGES)
        colors = np.random.default_rng(0).normal(size=(IDENTITIES, 3, 1, 1))
        noise = rng.normal(size=(len(labels), 3, HEIGHT, WIDTH))
        images = torch.from_numpy(colors[labels] + noise).float()
        share = len(labels) // self.size
        rows = slice(self.rank * share, (self.rank + 1) * share)
        ids = torch.from_numpy(labels)
        return Batch(images[rows], ids[rows], torch.zeros(share, dtype=torch.int64))

    def fingerprint(self) -> str:
        return f"noise-{self.seed}-{self.length}-{self.identities}"


ADAM = OptimizerConfig(1e-2)


def config(epochs: int = 4, **changes: object) -> TrainingConfig:
    given = {"optimizers": {"main": ADAM}, "alternate": ("reid",), "log_every": 2} | changes
    return TrainingConfig(epochs, **given)  # type: ignore[arg-type]


def feature_spread(task: Task) -> Mapping[str, float]:
    """Fast evaluator: standard deviation of the features over images."""
    assert not task.training
    assert isinstance(task.encoder, ToyEncoder)
    images = MemoryLoader(seed=9).batch(0, 0).images.to(task.encoder.conv1.weight.device)
    return {"mAP": float(task.encoder(images).std(0).mean())}


LOADERS = {"reid": MemoryLoader()}


def train(
    folder: Path, changed: TrainingConfig | None = None, **options: object
) -> TrainingSummary:
    given = {"evaluator": feature_spread} | options
    return run_training(ToyTask(), LOADERS, changed or config(), folder, **given)  # type: ignore[arg-type]
