"""One of two training processes. The test sets the environment variables of torchrun."""

import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import torch
from toy_training import MemoryLoader, ToyTask, TwoObjectives, config

from reid_align.errors import ProcessLostError
from reid_align.training import OptimizerConfig, Task, open_group, run_training
from reid_align.training.distributed import ProcessGroup


class Frozen(ToyTask):
    frozen_norms = True


def train(folder: Path, group: ProcessGroup) -> None:
    stream = MemoryLoader(rank=group.rank, size=group.size)
    task = Frozen(seed=group.rank, dropout=0.0)
    plain = {"main": OptimizerConfig(0.3, "sgd")}
    changed = config(4, log_every=1, ema=0.5, optimizers=plain, clip=1.0)
    run_training(task, {"reid": stream}, changed, folder, group=group)


def gather(group: ProcessGroup) -> None:
    """Gathering is differentiable: gradient of the mean loss over both processes."""
    everything = torch.arange(8.0, dtype=torch.float64).view(4, 2)
    mine = everything.chunk(2)[group.rank].clone().requires_grad_()
    gathered = group.gather(mine)
    assert torch.equal(gathered, everything)
    loss = (gathered * (group.rank + 1)).square().sum()
    loss.backward()
    assert mine.grad is not None
    group.average([mine.grad])
    ids = group.gather(torch.full((2,), group.rank))
    assert ids.tolist() == [0, 0, 1, 1]
    # Channels-last maps can be gathered, too.
    maps = torch.arange(24.0).view(2, 2, 2, 3)
    share = maps[group.rank, None].contiguous(memory_format=torch.channels_last)
    assert torch.equal(group.gather(share), maps)
    # Sum over both losses of 2 · factor² · x, halved by the average, then averaged over shares.
    expected = everything.chunk(2)
    assert torch.equal(mine.grad, (expected[0] + expected[1]) / 2 * 2 * (1 + 4))


def messages(group: ProcessGroup) -> None:
    assert group.wait_for_first(7 + group.rank) == 7
    assert group.any([False, group.rank == 1, True]) == [False, True, True]
    assert group.mean([0.1 * group.rank, 3.0]) == [0.05, 3.0]
    mine = [torch.full((2, 3), float(group.rank)).t(), torch.tensor(group.rank)]
    group.broadcast(mine)
    assert [tensor.sum() for tensor in mine] == [0, 0]


def partial_gradient(group: ProcessGroup) -> None:
    """A parameter with a gradient in one process only is updated equally in both."""
    from reid_align.training.step.updater import Updater
    from reid_align.training.task_interface import StepContext

    class Halves(TwoObjectives):
        def losses(self, stream, batch, context):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            losses = super().losses(stream, batch, context)
            if context.group.rank == 0:
                del losses.objectives["texture"]
            return losses

    task = Halves()
    sgd = OptimizerConfig(1.0, "sgd", momentum=0.0)
    changed = config(optimizers={"main": sgd, "texture": sgd})
    before = task.decoder.weight.detach().clone()
    updater = Updater(task, changed, torch.device("cpu"), group)
    batch = MemoryLoader(rank=group.rank, size=group.size).batch(0, 0)
    updater.step("reid", [batch], StepContext(0, 0, torch.Generator(), group), 0.0)
    moved = task.decoder.weight - before
    assert moved.abs().sum() > 0
    assert group.mean(moved.flatten().tolist()) == moved.flatten().tolist()


def interrupted(folder: Path, group: ProcessGroup) -> None:
    """A signal to the second process during the evaluation of the first one stops both."""
    other = int(group.gather(torch.tensor([os.getpid()]))[1])

    def evaluator(task: Task) -> Mapping[str, float]:
        os.kill(other, signal.SIGTERM)
        return {"mAP": 0.5}

    streams = {"reid": MemoryLoader(rank=group.rank, size=group.size)}
    try:
        run_training(ToyTask(), streams, config(1), folder, evaluator, group=group)
    except KeyboardInterrupt:
        assert (folder / "encoder.safetensors").exists()
    else:
        raise AssertionError("The training did not stop.")


def crash(group: ProcessGroup) -> None:
    """The second process crashes. The first one detects it."""
    # Hard exits: gloo may abort when closed after the other process is lost.
    if group.rank == 1:
        os._exit(3)
    try:
        for _ in range(3):
            group.any([True])
    except ProcessLostError:
        os._exit(4)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with open_group(timedelta(seconds=120)) as joined:
        gather(joined)
        messages(joined)
        partial_gradient(joined)
        train(Path(sys.argv[1]), joined)
        interrupted(Path(f"{sys.argv[1]}-interrupted"), joined)
        crash(joined)
