"""Every recipe learns: its smoke_test twin, on a batch of each stream, in a few steps."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from reid_align.recipes import RECIPES, RecipeData, Stage, smoke_test
from reid_align.recipes.stage_loaders import open_loaders
from reid_align.tasks import DecoderConfig, DsaTask, SanConfig, SanTask
from reid_align.training.distributed import ProcessGroup
from reid_align.training.step.updater import Updater
from reid_align.training.task_interface import StepContext, Task
from reid_align.training.training_config import TrainingConfig

ROUNDS = 3
# Adam's first steps are of this size for every weight, however small its gradient is.
LR = 1e-5
ALONE = ProcessGroup()
LAST = {name: smoke_test(RECIPES[name]).last for name in RECIPES}


def context() -> StepContext:
    # The same triplets are drawn in every step, so that losses can be compared.
    return StepContext(0, 0, torch.Generator().manual_seed(0), ALONE)


def careful(training: TrainingConfig) -> TrainingConfig:
    optimizers = {name: replace(one, lr=LR) for name, one in training.optimizers.items()}
    return replace(training, optimizers=optimizers)


def drawable(stage: Stage) -> Stage:
    """External images are somebody's own; persons from the front stand in for them here."""
    if isinstance(stage.task, SanConfig) and stage.task.decoder.target == "external":
        return replace(stage, task=replace(stage.task, decoder=DecoderConfig("frontal")))
    return stage


def idle(task: Task) -> set[str]:
    """What no loss reaches: heads whose features nobody asks for, classifiers without a weight."""
    names = {name for name, _ in task.named_parameters()}
    if type(task).__name__ == "SanPgTask":
        return {name for name in names if name.startswith(("encoder.embed.", "encoder.pool."))}
    if type(task).__name__ == "DenseUvTask":
        return {name for name in names if "trunk.embed." in name or "trunk.pool." in name}
    if isinstance(task, SanTask) and not task.config.supervision.identity_weight:
        return {name for name in names if name.startswith("supervision.classifier.")}
    if isinstance(task, DsaTask) and not task.config.main_identity_weight:
        return {name for name in names if name.startswith("main_classifiers.")}
    return set()


def copies(task: Task) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in task.named_parameters()}


@pytest.mark.parametrize("name", LAST)
def test_its_loss_falls_and_nothing_moves_but_what_it_trains(name: str, data: RecipeData) -> None:
    stage = drawable(LAST[name])
    streams = open_loaders(stage, data, 0, ALONE)
    batches = {stream: next(opened.epoch(0)) for stream, opened in streams.items()}
    torch.manual_seed(0)
    task = stage.task.build(streams["reid"].num_identities if "reid" in streams else 0)
    updater = Updater(task, careful(stage.training), torch.device("cpu"), ALONE)
    before = copies(task)
    first, last = [
        {
            key: float(value)
            for stream, batch in batches.items()
            for key, value in updater.step(stream, [batch], context(), 0.0).items()
            if key.startswith("objective/")
        }
        for _ in range(ROUNDS)
    ][:: ROUNDS - 1]
    assert sum(last.values()) < sum(first.values())
    trained = {p for group in task.parameter_groups().values() for p in group}
    expected = {key for key, p in task.named_parameters() if p in trained} - idle(task)
    moved = {key for key, value in copies(task).items() if not torch.equal(value, before[key])}
    assert moved == expected
