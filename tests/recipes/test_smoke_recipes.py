"""Every recipe learns: its smoke_test twin, on a batch of each stream, in a few steps."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from reid_align.recipes import RECIPES, RecipeData, Stage, smoke_test
from reid_align.recipes.recipe import RANDOM
from reid_align.recipes.stage_loaders import open_loaders
from reid_align.tasks import BaselineTask, DecoderConfig, DsaTask, SanConfig, SanTask
from reid_align.training.distributed import ProcessGroup
from reid_align.training.step.updater import Updater
from reid_align.training.task_interface import StepContext, Task
from reid_align.training.training_config import TrainingConfig

pytestmark = pytest.mark.slow

ROUNDS = 3
# Adam's first steps have this size for every weight, independent of its gradient.
LR = 1e-5
ALONE = ProcessGroup()
LAST = {name: smoke_test(RECIPES[name]).last for name in RECIPES}


def context() -> StepContext:
    # The same triplets in every step make losses comparable.
    return StepContext(0, 0, torch.Generator().manual_seed(0), ALONE)


def with_small_steps(training: TrainingConfig) -> TrainingConfig:
    optimizers = {name: replace(one, lr=LR) for name, one in training.optimizers.items()}
    return replace(training, optimizers=optimizers)


def with_available_targets(stage: Stage) -> Stage:
    """Replace external images, which the set does not have, by frontal images."""
    if isinstance(stage.task, SanConfig) and stage.task.decoder.target == "external":
        return replace(stage, task=replace(stage.task, decoder=DecoderConfig("frontal")))
    return stage


def untrained(task: Task) -> set[str]:
    """Return parameters without a gradient: unused heads, and classifiers without a weight."""
    names = {name for name, _ in task.named_parameters()}
    if type(task).__name__ == "SanPgTask":
        return {name for name in names if name.startswith(("encoder.embed.", "encoder.pool."))}
    if type(task).__name__ == "DenseUvTask":
        return {name for name in names if "trunk.embed." in name or "trunk.pool." in name}
    if isinstance(task, SanTask | BaselineTask) and not task.config.supervision.identity_weight:
        return {name for name in names if name.startswith("supervision.classifier.")}
    if isinstance(task, DsaTask) and not task.config.main_identity_weight:
        return {name for name in names if name.startswith("main_classifiers.")}
    return set()


def parameter_copies(task: Task) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in task.named_parameters()}


@pytest.mark.parametrize("name", LAST)
def test_loss_falls_and_only_trained_parameters_change(
    name: str, data: RecipeData, tmp_path: Path
) -> None:
    stage = with_available_targets(LAST[name])
    streams = open_loaders(stage, data, 0, ALONE, "cpu", tmp_path, RANDOM)
    batches = {stream: next(opened.epoch(0)) for stream, opened in streams.items()}
    torch.manual_seed(0)
    task = stage.task.build(streams["reid"].num_identities if "reid" in streams else 0)
    updater = Updater(task, with_small_steps(stage.training), torch.device("cpu"), ALONE)
    before = parameter_copies(task)
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
    expected = {key for key, p in task.named_parameters() if p in trained} - untrained(task)
    moved = {
        key for key, value in parameter_copies(task).items() if not torch.equal(value, before[key])
    }
    assert moved == expected
