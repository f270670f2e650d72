from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from toy_training import ADAM, MemoryStream, ToyTask, TwoObjectives, config

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
from reid_align.training.learner import Learner

STREAM = MemoryStream()
CPU, ALONE = torch.device("cpu"), ProcessGroup()
SGD = OptimizerConfig(0.1, "sgd", momentum=0.0)
TEXTURE = OptimizerConfig(1e-5, betas=(0.5, 0.999))
BOTH = config(optimizers={"main": ADAM, "texture": TEXTURE}, alternate=("reid", "synthetic"))


def step(
    learner: Learner, *batches: Batch, stream: str = "reid", number: int = 0
) -> dict[str, Tensor]:
    torch.manual_seed(number)
    context = StepContext(number, 0, torch.Generator(), ALONE)
    return learner.step(stream, batches, context, 0.0)


def state(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def close(actual: nn.Module, expected: Mapping[str, Tensor], tolerance: float = 0.0) -> None:
    for name, tensor in actual.state_dict().items():
        torch.testing.assert_close(tensor, expected[name], rtol=0, atol=tolerance)


def test_a_step_is_one_of_torchs_optimizer() -> None:
    task, reference = ToyTask(), ToyTask()
    learner = Learner(task, config(), CPU, ALONE)
    optimizer = torch.optim.Adam(reference.parameters(), 1e-2, fused=True)
    for number in range(3):
        values = step(learner, STREAM.batch(0, number), number=number)
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


def test_both_gradients_are_computed_before_either_step() -> None:
    task, reference = TwoObjectives(), TwoObjectives()
    learner = Learner(task, BOTH, CPU, ALONE)
    groups = reference.parameter_groups()
    main = torch.optim.Adam(groups["main"], ADAM.lr, fused=True)
    texture = torch.optim.Adam(groups["texture"], 1e-5, (0.5, 0.999), fused=True)
    for number in range(3):
        batch = STREAM.batch(0, number)
        step(learner, batch)
        context = StepContext(0, 0, torch.Generator(), ALONE)
        losses = reference.losses("reid", batch, context).objectives
        first = torch.autograd.grad(losses["main"], groups["main"], retain_graph=True)
        second = torch.autograd.grad(losses["texture"], groups["texture"])
        for optimizer, name, gradients in ((main, "main", first), (texture, "texture", second)):
            for parameter, gradient in zip(groups[name], gradients, strict=True):
                parameter.grad = gradient
            optimizer.step()
    close(task, state(reference))


def test_an_objective_that_a_stream_lacks_moves_nothing() -> None:
    task = TwoObjectives()
    learner = Learner(task, BOTH, CPU, ALONE)
    before = state(task.classifier)
    values = step(learner, STREAM.batch(0, 0), stream="synthetic")
    close(task.classifier, before)
    assert set(values) == {
        "objective/synthetic/texture",
        "term/synthetic/texture",
        "gradient/synthetic/texture",
    }
    assert all(parameter.grad is None for parameter in task.parameters())


def test_a_frozen_stream_leaves_running_statistics_and_uses_those_of_its_batch() -> None:
    task = TwoObjectives()
    learner = Learner(task, BOTH, CPU, ALONE)
    norm = task.encoder.bn1
    before = {name: buffer.clone() for name, buffer in norm.named_buffers()}
    frozen = step(learner, STREAM.batch(0, 0), stream="synthetic")
    for name, buffer in norm.named_buffers():
        assert torch.equal(buffer, before[name])
    plain = TwoObjectives()
    plain.frozen_statistics = frozenset()
    tracked = step(Learner(plain, BOTH, CPU, ALONE), STREAM.batch(0, 0), stream="synthetic")
    assert frozen == tracked
    step(learner, STREAM.batch(0, 0))
    assert not torch.equal(norm.running_mean, before["running_mean"])
    assert norm.num_batches_tracked == 1


class FrozenMeans(ToyTask):
    """A loss that is a mean over the batch, and a batch norm that does not look at it."""

    frozen_norms = True

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        features = self.encoder(batch.images)
        return Losses({"main": F.cross_entropy(self.classifier(features), batch.person_ids)})


def test_accumulating_two_batches_is_a_step_with_their_union() -> None:
    halves = [STREAM.batch(0, 0), STREAM.batch(0, 1)]
    names = ("images", "person_ids", "camera_ids")
    union = Batch(*(torch.cat([getattr(half, name) for half in halves]) for name in names))
    twice, once = FrozenMeans(dropout=0.0), FrozenMeans(dropout=0.0)
    one = {"main": SGD}
    values = step(Learner(twice, config(accumulate=2, optimizers=one), CPU, ALONE), *halves)
    expected = step(Learner(once, config(optimizers=one), CPU, ALONE), union)
    for name, value in expected.items():
        torch.testing.assert_close(values[name], value)
    close(twice, state(once), 1e-6)


def test_clipping_bounds_the_gradient_and_reports_what_it_was() -> None:
    task = ToyTask(dropout=0.0)
    before = state(task)
    changed = config(clip=1e-3, optimizers={"main": SGD})
    norm = step(Learner(task, changed, CPU, ALONE), STREAM.batch(0, 0))["gradient/reid/main"]
    moved = [tensor - before[name] for name, tensor in task.named_parameters()]
    length = torch.cat([part.flatten() for part in moved]).norm()
    assert norm > 1e-2
    torch.testing.assert_close(length.item(), 0.1 * 1e-3, rtol=1e-2, atol=0)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_learns_about_the_same(precision: str) -> None:
    full, half = ToyTask(dropout=0.0), ToyTask(dropout=0.0)
    learners = [
        Learner(full, config(optimizers={"main": SGD}), CPU, ALONE),
        Learner(half, config(precision=precision, optimizers={"main": SGD}), CPU, ALONE),
    ]
    for number in range(3):
        first, second = (step(learner, STREAM.batch(0, number)) for learner in learners)
        torch.testing.assert_close(
            second["objective/reid/main"], first["objective/reid/main"], rtol=0.05, atol=0.02
        )
    close(half, state(full), 0.02)
    assert {parameter.dtype for parameter in half.parameters()} == {torch.float32}
    # In full precision the two would be the same bits.
    assert not torch.equal(half.encoder.conv1.weight, full.encoder.conv1.weight)


def test_an_overflow_in_float16_skips_the_step_and_lowers_the_scale() -> None:
    task = ToyTask(dropout=0.0)
    learner = Learner(task, config(precision="float16"), CPU, ALONE)
    learner.load(learner.tensors(), (2.0**40, 0))
    before = state(task.classifier)
    values = step(learner, STREAM.batch(0, 0))
    assert not values["gradient/reid/main"].isfinite()
    close(task.classifier, before)
    assert learner.scale() == (2.0**39, 0)
    # Nor does the optimizer count or remember it: what follows is the first step of all.
    other = Learner(ToyTask(dropout=0.0), config(precision="float16"), CPU, ALONE)
    learner.load(learner.tensors(), other.scale())
    for one in (learner, other):
        step(one, STREAM.batch(0, 1))
    close(task.classifier, state(other.task.classifier))


def test_channels_last_computes_the_same() -> None:
    task, reference = ToyTask(dropout=0.0), ToyTask(dropout=0.0)
    learner = Learner(task, config(channels_last=True), CPU, ALONE)
    assert task.encoder.conv2.weight.is_contiguous(memory_format=torch.channels_last)
    plain = Learner(reference, config(), CPU, ALONE)
    for number in range(2):
        values, expected = (step(one, STREAM.batch(0, number)) for one in (learner, plain))
        torch.testing.assert_close(values, expected)


def test_the_average_follows_the_weights() -> None:
    task = ToyTask()
    learner = Learner(task, config(ema=0.15), CPU, ALONE)
    assert learner.average is not None
    expected = state(task)
    for number in range(3):
        step(learner, STREAM.batch(0, number), number=number)
        decay = (0.1, 0.15, 0.15)[number]  # (1 + 0) / (10 + 0), and then at most 0.15
        for name, tensor in task.state_dict().items():
            mixed = decay * expected[name] + (1 - decay) * tensor
            expected[name] = mixed if tensor.is_floating_point() else tensor.clone()
    latest = state(task)
    with learner.average.in_place():
        close(task, expected, 1e-6)
    close(task, latest)


class Odd(ToyTask):
    """Returns whatever it is given."""

    def __init__(self, losses: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        self.given = losses or {}

    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        return Losses(self.given)


def test_an_unknown_objective_is_named() -> None:
    learner = Learner(Odd({"mian": torch.zeros(())}), config(), CPU, ALONE)
    with pytest.raises(UnknownNameError, match=r"objective 'mian'\. Did you mean 'main'"):
        step(learner, STREAM.batch(0, 0))


@pytest.mark.parametrize("loss", [torch.zeros(()), torch.ones(2, requires_grad=True)])
def test_a_loss_that_nothing_can_be_learned_from_is_refused(loss: Tensor) -> None:
    learner = Learner(Odd({"main": loss}), config(), CPU, ALONE)
    with pytest.raises(InvalidInputError, match="must be a scalar that depends on parameters"):
        step(learner, STREAM.batch(0, 0))


@pytest.mark.parametrize(
    ("task", "changed"), [(ToyTask, BOTH), (TwoObjectives, config())], ids=["too many", "too few"]
)
def test_objectives_without_their_optimizers_are_refused(
    task: type[Task], changed: TrainingConfig
) -> None:
    with pytest.raises(InvalidInputError, match="give one for each"):
        Learner(task(), changed, CPU, ALONE)


def test_joint_batch_norms_need_cuda() -> None:
    with pytest.raises(InvalidInputError, match="CUDA only"):
        Learner(ToyTask(), config(sync_batch_norm=True), CPU, ProcessGroup(0, 2))


@pytest.mark.parametrize("changes", [{}, {"channels_last": True}, {"precision": "float16"}])
def test_everything_learned_can_be_put_back(changes: dict[str, object]) -> None:
    task, changed = TwoObjectives(), replace(BOTH, **changes)
    learner = Learner(task, changed, CPU, ALONE)
    for number in range(2):
        step(learner, STREAM.batch(0, number))
    # As a checkpoint has them, whose tensors know no memory format.
    saved = {
        name: tensor.clone(memory_format=torch.contiguous_format)
        for name, tensor in learner.tensors().items()
    }
    other = Learner(TwoObjectives(seed=5), changed, CPU, ALONE)
    other.load(saved, learner.scale())
    for one in (learner, other):
        step(one, STREAM.batch(0, 2))
    assert learner.tensors().keys() == other.tensors().keys()
    for name, tensor in learner.tensors().items():
        assert torch.equal(tensor, other.tensors()[name]), name
