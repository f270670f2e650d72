from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from toy_training import ADAM, MemoryLoader, ToyTask, TwoObjectives, config

from reid_align.batches.batch import Batch
from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.training import (
    Losses,
    OptimizerConfig,
    ProcessGroup,
    StepContext,
    Task,
    TrainingConfig,
)
from reid_align.training.step.updater import Updater

STREAM = MemoryLoader()
CPU, ALONE = torch.device("cpu"), ProcessGroup()
SGD = OptimizerConfig(0.1, "sgd", momentum=0.0)
TEXTURE = OptimizerConfig(1e-5, betas=(0.5, 0.999))
BOTH = config(optimizers={"main": ADAM, "texture": TEXTURE}, alternate=("reid", "synthetic"))


def step(
    updater: Updater, *batches: Batch, stream: str = "reid", number: int = 0
) -> dict[str, Tensor]:
    torch.manual_seed(number)
    context = StepContext(number, 0, torch.Generator(), ALONE)
    return updater.step(stream, batches, context, 0.0)


def state(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def close(actual: nn.Module, expected: Mapping[str, Tensor], tolerance: float = 0.0) -> None:
    for name, tensor in actual.state_dict().items():
        torch.testing.assert_close(tensor, expected[name], rtol=0, atol=tolerance)


def test_a_step_equals_one_of_the_torch_optimizer() -> None:
    task, reference = ToyTask(), ToyTask()
    updater = Updater(task, config(), CPU, ALONE)
    optimizer = torch.optim.Adam(reference.parameters(), 1e-2, fused=True)
    for number in range(3):
        values = step(updater, STREAM.batch(0, number), number=number)
        torch.manual_seed(number)
        batch = STREAM.batch(0, number)
        losses = reference.losses("reid", batch, StepContext(0, 0, torch.Generator(), ALONE))
        optimizer.zero_grad()
        losses.objectives["main"].backward()
        norm = torch.stack([p.grad.norm() for p in reference.parameters() if p.grad is not None])
        optimizer.step()
        assert values["objective/reid/main"] == losses.objectives["main"]
        assert values["term/reid/triplet"] == losses.terms["triplet"]
        torch.testing.assert_close(values["gradient/reid/main"], norm.norm())
    close(task, state(reference))


def test_all_gradients_are_computed_before_any_update() -> None:
    task, reference = TwoObjectives(), TwoObjectives()
    updater = Updater(task, BOTH, CPU, ALONE)
    groups = reference.parameter_groups()
    main = torch.optim.Adam(groups["main"], ADAM.lr, fused=True)
    texture = torch.optim.Adam(groups["texture"], 1e-5, (0.5, 0.999), fused=True)
    for number in range(3):
        batch = STREAM.batch(0, number)
        step(updater, batch)
        context = StepContext(0, 0, torch.Generator(), ALONE)
        losses = reference.losses("reid", batch, context).objectives
        first = torch.autograd.grad(losses["main"], groups["main"], retain_graph=True)
        second = torch.autograd.grad(losses["texture"], groups["texture"])
        for optimizer, name, gradients in ((main, "main", first), (texture, "texture", second)):
            for parameter, gradient in zip(groups[name], gradients, strict=True):
                parameter.grad = gradient
            optimizer.step()
    close(task, state(reference))


def test_an_objective_missing_in_a_stream_updates_nothing() -> None:
    task = TwoObjectives()
    updater = Updater(task, BOTH, CPU, ALONE)
    before = state(task.classifier)
    values = step(updater, STREAM.batch(0, 0), stream="synthetic")
    close(task.classifier, before)
    assert set(values) == {
        "objective/synthetic/texture",
        "term/synthetic/texture",
        "gradient/synthetic/texture",
    }
    assert all(parameter.grad is None for parameter in task.parameters())


def test_a_frozen_stream_uses_batch_statistics_and_keeps_the_running_ones() -> None:
    task = TwoObjectives()
    updater = Updater(task, BOTH, CPU, ALONE)
    norm = task.encoder.bn1
    before = {name: buffer.clone() for name, buffer in norm.named_buffers()}
    frozen = step(updater, STREAM.batch(0, 0), stream="synthetic")
    for name, buffer in norm.named_buffers():
        assert torch.equal(buffer, before[name])
    plain = TwoObjectives()
    plain.frozen_statistics = frozenset()
    tracked = step(Updater(plain, BOTH, CPU, ALONE), STREAM.batch(0, 0), stream="synthetic")
    assert frozen == tracked
    step(updater, STREAM.batch(0, 0))
    assert not torch.equal(norm.running_mean, before["running_mean"])
    assert norm.num_batches_tracked == 1


class FrozenMeans(ToyTask):
    """The loss is a mean over the batch, and the batch norm is frozen."""

    frozen_norms = True

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        features = self.encoder(batch.images)
        return Losses({"main": F.cross_entropy(self.classifier(features), batch.person_ids)})


def test_accumulating_two_batches_equals_a_step_with_both() -> None:
    halves = [STREAM.batch(0, 0), STREAM.batch(0, 1)]
    names = ("images", "person_ids", "camera_ids")
    union = Batch(*(torch.cat([getattr(half, name) for half in halves]) for name in names))
    twice, once = FrozenMeans(dropout=0.0), FrozenMeans(dropout=0.0)
    one = {"main": SGD}
    values = step(Updater(twice, config(accumulate=2, optimizers=one), CPU, ALONE), *halves)
    expected = step(Updater(once, config(optimizers=one), CPU, ALONE), union)
    for name, value in expected.items():
        torch.testing.assert_close(values[name], value)
    close(twice, state(once), 1e-6)


def test_clipping_limits_the_gradient_and_reports_the_norm_before() -> None:
    task = ToyTask(dropout=0.0)
    before = state(task)
    changed = config(clip=1e-3, optimizers={"main": SGD})
    norm = step(Updater(task, changed, CPU, ALONE), STREAM.batch(0, 0))["gradient/reid/main"]
    changes = [tensor - before[name] for name, tensor in task.named_parameters()]
    length = torch.cat([part.flatten() for part in changes]).norm()
    assert norm > 1e-2
    torch.testing.assert_close(length.item(), 0.1 * 1e-3, rtol=1e-2, atol=0)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_is_close_to_full_precision(precision: str) -> None:
    full, half = ToyTask(dropout=0.0), ToyTask(dropout=0.0)
    learners = [
        Updater(full, config(optimizers={"main": SGD}), CPU, ALONE),
        Updater(half, config(precision=precision, optimizers={"main": SGD}), CPU, ALONE),
    ]
    for number in range(3):
        first, second = (step(updater, STREAM.batch(0, number)) for updater in learners)
        torch.testing.assert_close(
            second["objective/reid/main"], first["objective/reid/main"], rtol=0.05, atol=0.02
        )
    close(half, state(full), 0.02)
    assert {parameter.dtype for parameter in half.parameters()} == {torch.float32}
    # Not bit-identical: half precision was used.
    assert not torch.equal(half.encoder.conv1.weight, full.encoder.conv1.weight)


def test_an_overflow_in_float16_skips_the_step_and_lowers_the_scale() -> None:
    task = ToyTask(dropout=0.0)
    updater = Updater(task, config(precision="float16"), CPU, ALONE)
    updater.load(updater.tensors(), (2.0**40, 0))
    before = state(task.classifier)
    values = step(updater, STREAM.batch(0, 0))
    assert not values["gradient/reid/main"].isfinite()
    close(task.classifier, before)
    assert updater.scale() == (2.0**39, 0)
    # The optimizer state is unchanged: the next step is its first.
    other = Updater(ToyTask(dropout=0.0), config(precision="float16"), CPU, ALONE)
    updater.load(updater.tensors(), other.scale())
    for one in (updater, other):
        step(one, STREAM.batch(0, 1))
    close(task.classifier, state(other.task.classifier))


def test_channels_last_gives_the_same_values() -> None:
    task, reference = ToyTask(dropout=0.0), ToyTask(dropout=0.0)
    updater = Updater(task, config(channels_last=True), CPU, ALONE)
    assert task.encoder.conv2.weight.is_contiguous(memory_format=torch.channels_last)
    plain = Updater(reference, config(), CPU, ALONE)
    for number in range(2):
        values, expected = (step(one, STREAM.batch(0, number)) for one in (updater, plain))
        torch.testing.assert_close(values, expected)


def test_the_average_follows_the_weights() -> None:
    task = ToyTask()
    updater = Updater(task, config(ema=0.15), CPU, ALONE)
    assert updater.average is not None
    expected = state(task)
    for number in range(3):
        step(updater, STREAM.batch(0, number), number=number)
        decay = (0.1, 0.15, 0.15)[number]  # (1 + 0) / (10 + 0), then at most 0.15
        for name, tensor in task.state_dict().items():
            mixed = decay * expected[name] + (1 - decay) * tensor
            expected[name] = mixed if tensor.is_floating_point() else tensor.clone()
    latest = state(task)
    with updater.average.swapped_in():
        close(task, expected, 1e-6)
    close(task, latest)


class Odd(ToyTask):
    """Returns given losses."""

    def __init__(self, losses: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        self.given = losses or {}

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        return Losses(self.given)


def test_an_unknown_objective_is_an_error() -> None:
    updater = Updater(Odd({"mian": torch.zeros(())}), config(), CPU, ALONE)
    with pytest.raises(UnknownNameError, match=r"objective 'mian'\. Did you mean 'main'"):
        step(updater, STREAM.batch(0, 0))


@pytest.mark.parametrize("loss", [torch.zeros(()), torch.ones(2, requires_grad=True)])
def test_a_loss_without_gradient_or_with_a_shape_is_an_error(loss: Tensor) -> None:
    updater = Updater(Odd({"main": loss}), config(), CPU, ALONE)
    with pytest.raises(InvalidInputError, match="must be a scalar that depends on trained"):
        step(updater, STREAM.batch(0, 0))


@pytest.mark.parametrize(
    ("task", "changed"), [(ToyTask, BOTH), (TwoObjectives, config())], ids=["too many", "too few"]
)
def test_objectives_and_optimizers_must_match(task: type[Task], changed: TrainingConfig) -> None:
    with pytest.raises(InvalidInputError, match="Set one optimizer per objective"):
        Updater(task(), changed, CPU, ALONE)


def test_synchronized_batch_norms_need_cuda() -> None:
    with pytest.raises(InvalidInputError, match="needs CUDA"):
        Updater(ToyTask(), config(sync_batch_norm=True), CPU, ProcessGroup(0, 2))


@pytest.mark.parametrize("changes", [{}, {"channels_last": True}, {"precision": "float16"}])
def test_a_step_after_load_is_bit_identical(changes: dict[str, object]) -> None:
    task, changed = TwoObjectives(), replace(BOTH, **changes)
    updater = Updater(task, changed, CPU, ALONE)
    for number in range(2):
        step(updater, STREAM.batch(0, number))
    # As in a checkpoint, where all tensors are contiguous.
    saved = {
        name: tensor.clone(memory_format=torch.contiguous_format)
        for name, tensor in updater.tensors().items()
    }
    other = Updater(TwoObjectives(seed=5), changed, CPU, ALONE)
    other.load(saved, updater.scale())
    for one in (updater, other):
        step(one, STREAM.batch(0, 2))
    assert updater.tensors().keys() == other.tensors().keys()
    for name, tensor in updater.tensors().items():
        assert torch.equal(tensor, other.tensors()[name]), name
