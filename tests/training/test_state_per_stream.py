"""Adam moments per stream, compared with a simulation in plain floats."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from toy_training import ADAM, MemoryLoader, TwoObjectives, config

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.training import (
    Losses,
    OptimizerConfig,
    ProcessGroup,
    StepContext,
    Task,
    run_training,
)
from reid_align.training.step.updater import Updater

RATE, BETAS, EPSILON = 0.01, (0.9, 0.999), 1e-8
GRADIENTS = {"reid": 1.0, "synthetic": 0.1}
STEPS = 400


# Gradient norms of a trained SAN: 4.66 for reID batches, 0.348 for synthetic ones; see
# benchmarks/results/loss_gradients.json. The mean of a gradient is a fraction of its noise.
QUIET, SIGNAL = 0.348 / 4.66, 0.3
PAIRS = 300


class Scalar(Task):
    """One weight with a constant gradient per stream."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros((), dtype=torch.float64))

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        return {stream: BatchSpec() for stream in GRADIENTS}

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        return Losses({"main": GRADIENTS[stream] * self.weight})


class ScalarAdam:
    """Adam of one number, after Kingma and Ba (arXiv:1412.6980), algorithm 1."""

    def __init__(self) -> None:
        self.steps, self.first, self.second = 0, 0.0, 0.0

    def step(self, gradient: float) -> float:
        """Return the change of the weight."""
        self.steps += 1
        self.first = BETAS[0] * self.first + (1 - BETAS[0]) * gradient
        self.second = BETAS[1] * self.second + (1 - BETAS[1]) * gradient**2
        first = self.first / (1 - BETAS[0] ** self.steps)
        second = self.second / (1 - BETAS[1] ** self.steps)
        return -RATE * first / (math.sqrt(second) + EPSILON)


def trained_changes(*, state_per_stream: bool) -> dict[str, float]:
    """Total change of the weight by the steps of each stream."""
    optimizer = OptimizerConfig(RATE, betas=BETAS, state_per_stream=state_per_stream)
    settings = config(optimizers={"main": optimizer}, alternate=tuple(GRADIENTS))
    task = Scalar()
    updater = Updater(task, settings, torch.device("cpu"), ProcessGroup())
    changes = dict.fromkeys(GRADIENTS, 0.0)
    for step in range(STEPS):
        stream = settings.alternate[step % 2]
        before = task.weight.item()
        context = StepContext(step, 0, torch.Generator(), ProcessGroup())
        updater.step(stream, [MemoryLoader().batch(0, 0)], context, 0.0)
        changes[stream] += task.weight.item() - before
    return changes


def simulated_changes(*, state_per_stream: bool) -> dict[str, float]:
    shared = ScalarAdam()
    optimizers = {stream: ScalarAdam() if state_per_stream else shared for stream in GRADIENTS}
    changes = dict.fromkeys(GRADIENTS, 0.0)
    for step in range(STEPS):
        stream = tuple(GRADIENTS)[step % 2]
        changes[stream] += optimizers[stream].step(GRADIENTS[stream])
    return changes


@pytest.mark.parametrize("state_per_stream", [False, True])
def test_updates_equal_a_scalar_simulation(state_per_stream: bool) -> None:
    expected = simulated_changes(state_per_stream=state_per_stream)
    assert trained_changes(state_per_stream=state_per_stream) == pytest.approx(expected, rel=1e-9)


def test_separate_moments_make_the_step_size_independent_of_other_streams() -> None:
    separate = trained_changes(state_per_stream=True)
    assert separate["reid"] == pytest.approx(-RATE * STEPS / 2)
    shared = trained_changes(state_per_stream=False)
    # Shared moments are those of the mixture: mean gradient 0.55, mean square 0.505.
    assert shared["reid"] / separate["reid"] == pytest.approx(0.55 / math.sqrt(0.505), rel=0.05)
    assert shared["synthetic"] / shared["reid"] == pytest.approx(1.0, rel=0.1)


class NoisyScalar(Scalar):
    """One weight with the given gradients of reID and synthetic batches, step by step."""

    def __init__(self, gradients: Mapping[str, list[float]]) -> None:
        super().__init__()
        self.gradients = {stream: iter(values) for stream, values in gradients.items()}

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        return Losses({"main": next(self.gradients[stream]) * self.weight})


def changes(gradients: Mapping[str, list[float]], *, state_per_stream: bool) -> dict[str, float]:
    """Total change of the weight by the steps of each stream."""
    optimizer = OptimizerConfig(RATE, betas=BETAS, state_per_stream=state_per_stream)
    settings = config(optimizers={"main": optimizer}, alternate=tuple(gradients))
    task, batch = NoisyScalar(gradients), MemoryLoader().batch(0, 0)
    updater = Updater(task, settings, torch.device("cpu"), ProcessGroup())
    totals = dict.fromkeys(gradients, 0.0)
    for step in range(sum(map(len, gradients.values()))):
        context = StepContext(step, 0, torch.Generator(), ProcessGroup())
        stream = settings.alternate[step % len(settings.alternate)]
        before = task.weight.item()
        updater.step(stream, [batch], context, 0.0)
        totals[stream] += task.weight.item() - before
    return totals


@pytest.fixture(scope="module")
def gradients() -> dict[str, list[float]]:
    random = np.random.default_rng(0)
    return {
        "reid": random.normal(SIGNAL, 1.0, PAIRS).tolist(),
        "synthetic": random.normal(0.0, QUIET, PAIRS).tolist(),
    }


@pytest.fixture(scope="module")
def change_without_synthetic(gradients: dict[str, list[float]]) -> float:
    return changes({"reid": gradients["reid"]}, state_per_stream=False)["reid"]


def test_quiet_synthetic_gradients_enlarge_the_reid_steps_of_a_shared_adam(
    gradients: dict[str, list[float]], change_without_synthetic: float
) -> None:
    """The first moment is halved and used twice; the root of the second falls by √2 only."""
    shared = sum(changes(gradients, state_per_stream=False).values())
    expected = math.sqrt(2 / (1 + QUIET**2))
    assert shared / change_without_synthetic == pytest.approx(expected, rel=0.04)


def test_separate_moments_keep_the_reid_steps(
    gradients: dict[str, list[float]], change_without_synthetic: float
) -> None:
    separate = changes(gradients, state_per_stream=True)
    assert separate["reid"] == pytest.approx(change_without_synthetic, rel=1e-9)


def test_the_first_steps_move_the_weight_1_46_times_as_far() -> None:
    """Bias correction counts the steps of both streams, which adds to the drift at the start."""
    pairs = 8
    constant = {"reid": [1.0] * pairs, "synthetic": [0.0] * pairs}
    alone = changes({"reid": constant["reid"]}, state_per_stream=False)["reid"]
    shared = sum(changes(constant, state_per_stream=False).values())
    assert shared / alone == pytest.approx(1.46, abs=0.005)


def test_a_resumed_run_restores_the_state_of_every_stream(tmp_path: Path) -> None:
    optimizer = replace(ADAM, state_per_stream=True)
    optimizers = {"main": optimizer, "texture": optimizer}
    settings = config(2, optimizers=optimizers, alternate=("reid", "synthetic"))
    streams = {"reid": MemoryLoader(), "synthetic": MemoryLoader(seed=1)}
    run_training(TwoObjectives(), streams, settings, tmp_path / "whole")
    run_training(TwoObjectives(), streams, replace(settings, epochs=1), tmp_path / "resumed")
    summary = run_training(TwoObjectives(), streams, settings, tmp_path / "resumed")
    assert summary.resumed_at == 6
    whole, resumed = (tmp_path / run / "encoder.safetensors" for run in ("whole", "resumed"))
    assert whole.read_bytes() == resumed.read_bytes()
