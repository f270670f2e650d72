"""Small tasks and streams in memory that learn something real in a second."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid_align.batches.batch import Batch, Wanted
from reid_align.losses import BatchHardTriplet
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess
from reid_align.training import (
    Losses,
    OptimizerConfig,
    StepContext,
    Summary,
    Task,
    TrainingConfig,
    run_training,
)

PEOPLE, IMAGES, HEIGHT, WIDTH = 6, 4, 16, 8


class ToyEncoder(Encoder):
    """Two convolutions with a batch norm between them."""

    architecture = "toy"
    feature_dim = 8

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
    """Who is it: a classifier with dropout, and the triplet loss over the gathered batch."""

    frozen_norms = False

    def __init__(self, seed: int = 0, dropout: float = 0.1) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.encoder = ToyEncoder()
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(8, PEOPLE))
        self.triplet = BatchHardTriplet()

    def wanted(self) -> Mapping[str, Wanted]:
        return {"reid": Wanted()}

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
    """The same, and a decoder with an optimizer of its own, which also moves the encoder."""

    frozen_statistics = frozenset({"synthetic"})

    def __init__(self, seed: int = 0, dropout: float = 0.0) -> None:
        super().__init__(seed, dropout)
        self.decoder = nn.Linear(8, 3)

    def wanted(self) -> Mapping[str, Wanted]:
        return {"reid": Wanted(), "synthetic": Wanted()}

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
class MemoryStream:
    """Colored noise, 4 images of each of a few persons in a batch; batches vary by epoch.

    Attributes:
        length: batches of even epochs; odd ones have one more.
        persons: in a batch of all processes.
    """

    seed: int = 0
    length: int = 3
    persons: int = 4
    rank: int = 0
    size: int = 1

    def batches_per_epoch(self, epoch: int) -> int:
        return self.length + epoch % 2

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        for number in range(start, self.batches_per_epoch(epoch)):
            yield self.batch(epoch, number)

    def batch(self, epoch: int, number: int) -> Batch:
        rng = np.random.default_rng((self.seed, epoch, number))
        people = np.repeat(rng.permutation(PEOPLE)[: self.persons], IMAGES)
        colors = np.random.default_rng(0).normal(size=(PEOPLE, 3, 1, 1))
        noise = rng.normal(size=(len(people), 3, HEIGHT, WIDTH))
        images = torch.from_numpy(colors[people] + noise).float()
        share = len(people) // self.size
        rows = slice(self.rank * share, (self.rank + 1) * share)
        ids = torch.from_numpy(people)
        return Batch(images[rows], ids[rows], torch.zeros(share, dtype=torch.int64))

    def fingerprint(self) -> str:
        return f"noise-{self.seed}-{self.length}-{self.persons}"


ADAM = OptimizerConfig(1e-2)


def config(epochs: int = 4, **changes: object) -> TrainingConfig:
    given = {"optimizers": {"main": ADAM}, "alternate": ("reid",), "log_every": 2} | changes
    return TrainingConfig(epochs, **given)  # type: ignore[arg-type]


def spread_of_features(task: Task) -> Mapping[str, float]:
    """An evaluation that is quick: how far the features of different images lie apart."""
    assert not task.training
    assert isinstance(task.encoder, ToyEncoder)
    images = MemoryStream(seed=9).batch(0, 0).images.to(task.encoder.conv1.weight.device)
    return {"mAP": float(task.encoder(images).std(0).mean())}


STREAMS = {"reid": MemoryStream()}


def train(folder: Path, changed: TrainingConfig | None = None, **options: object) -> Summary:
    given = {"evaluator": spread_of_features} | options
    return run_training(ToyTask(), STREAMS, changed or config(), folder, **given)  # type: ignore[arg-type]
