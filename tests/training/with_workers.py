"""Training with worker processes. Prints their process ids once they are running."""

import multiprocessing
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from toy_training import HEIGHT, WIDTH, ToyTask, config

from reid_align.batches.augmentation import NO_AUGMENT
from reid_align.batches.batch import Batch, BatchSpec
from reid_align.batches.batch_loader import BatchLoader
from reid_align.batches.samplers import PKSampler
from reid_align.batches.sources import ReidSource
from reid_align.datasets import load_dataset
from reid_align.preprocess import Preprocess
from reid_align.training import run_training


@dataclass(frozen=True)
class Waiting:
    """Waits for a signal before the second batch, when both workers are running."""

    stream: BatchLoader

    def batches_per_epoch(self, epoch: int) -> int:
        return self.stream.batches_per_epoch(epoch)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        for number, batch in enumerate(self.stream.epoch(epoch, start), start):
            if number == 1:
                workers = [child.pid for child in multiprocessing.active_children()]
                print("ready", *workers, flush=True)
                # If a worker dies, torch raises here.
                time.sleep(3)
            yield batch

    def fingerprint(self) -> str:
        return self.stream.fingerprint()


if __name__ == "__main__":
    table, folder = sys.argv[1:]
    images = BatchLoader(
        ReidSource(load_dataset("csv", table)),
        BatchSpec(),
        Preprocess(HEIGHT, WIDTH),
        NO_AUGMENT,
        PKSampler(2, 4),
        seed=0,
        num_workers=2,
    )
    run_training(ToyTask(), {"reid": Waiting(images)}, config(), folder, device="cpu")
