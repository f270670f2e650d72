"""A model's output for a fixed input in a few numbers: proof that weights landed as they left."""

import copy
import math
from collections.abc import Iterator, Mapping
from typing import Protocol, Self

import torch
from torch import Tensor, nn

from reid_align.errors import InvalidInputError, WeightsIntegrityError

SAMPLES = 32
FINGERPRINT_LENGTH = SAMPLES + 2
TOLERANCE = 1e-3
GOLDEN_RATIO = (1 + math.sqrt(5)) / 2


class Loadable(Protocol):
    """What weights are loaded into: an ``nn.Module`` that brings a small input of its own."""

    def example_inputs(self) -> tuple[Tensor, ...]:
        """Return the input of the fingerprint: the same float32 tensors each time, on the CPU."""

    def __call__(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return one tensor, as for any input."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """As in ``nn.Module``."""

    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> object:
        """As in ``nn.Module``."""

    def modules(self) -> Iterator[nn.Module]:
        """As in ``nn.Module``."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """As in ``nn.Module``."""

    def named_parameters(
        self, *, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, nn.Parameter]]:
        """As in ``nn.Module``."""

    def float(self) -> Self:
        """As in ``nn.Module``."""

    def cpu(self) -> Self:
        """As in ``nn.Module``."""

    def eval(self) -> Self:
        """As in ``nn.Module``."""


def wave(*shape: int) -> Tensor:
    """Return cos(0.011·i) over the flat index i, in this shape, float32 in [-1, 1].

    It needs no random generator, so every version of every library makes the same numbers.
    """
    index = torch.arange(math.prod(shape), dtype=torch.float64)
    return torch.cos(0.011 * index).float().reshape(shape)


def fingerprint(output: Tensor | tuple[Tensor, ...]) -> tuple[float, ...]:
    """Reduce an output of any shape to 34 numbers, with 7 significant digits each.

    They are 32 values at evenly spaced places of the flat output, its root mean square (a change of
    scale), and its sum divided by √n, each value weighted by the fractional part of i times the
    golden ratio, stretched to [-1, 1) (a permutation, also between the samples). All are of the
    output's own magnitude.

    Raises:
        WeightsIntegrityError: the output holds a value that is not finite.
        InvalidInputError: the output is empty.
    """
    parts = (output,) if isinstance(output, Tensor) else output
    values = torch.cat([part.detach().cpu().double().flatten() for part in parts])
    if not len(values):
        raise InvalidInputError("The output to take a fingerprint of is empty.")
    if not values.isfinite().all():
        raise WeightsIntegrityError("With these weights the model's output is not finite.")
    places = torch.linspace(0, len(values) - 1, SAMPLES, dtype=torch.float64).round().long()
    weights = (torch.arange(len(values), dtype=torch.float64) * GOLDEN_RATIO).frac() * 2 - 1
    summary = torch.stack((values.norm(), values @ weights)) / math.sqrt(len(values))
    return tuple(float(f"{value:.7g}") for value in torch.cat((values[places], summary)).tolist())


def module_fingerprint(module: Loadable) -> tuple[float, ...]:
    """Return the fingerprint of a model's output for its own example input.

    It is computed in float32 and in eval mode on the CPU, by a copy where the model is not like
    that, so that it does not depend on where the model is; the model itself is not touched.
    """
    probe = module if _is_plain(module) else copy.deepcopy(module).float().cpu().eval()
    with torch.inference_mode():
        return fingerprint(probe(*module.example_inputs()))


def _is_plain(module: Loadable) -> bool:
    tensors = module.state_dict().values()
    on_cpu = all(tensor.device.type == "cpu" for tensor in tensors)
    floats = {tensor.dtype for tensor in tensors if tensor.is_floating_point()}
    return on_cpu and floats == {torch.float32} and not any(m.training for m in module.modules())


def check_fingerprint(actual: tuple[float, ...], expected: tuple[float, ...], source: str) -> None:
    """Compare two fingerprints, with a tolerance of 1e-3 of the largest magnitude expected.

    MeasuredResult on ResNet-50: another number of threads, other kernels and float64 differ by 1e-6 of
    it, batch norms with an epsilon of 1e-3 instead of 1e-5 by 2e-3 and more. Weights stored in half
    precision or in int8 are the same numbers after each loading, so published is what those give.

    Args:
        actual: what the model gives.
        expected: what was published.
        source: where the weights come from, for the message.

    Raises:
        WeightsIntegrityError: they differ by more.
    """
    tolerance = TOLERANCE * max(map(abs, expected))
    pairs = zip(actual, expected, strict=True)
    difference = max(abs(got - published) for got, published in pairs)
    if difference > tolerance:
        raise WeightsIntegrityError(
            f"{source}: the model's output for the test input differs from the published one by "
            f"{difference:.3g} (allowed: {tolerance:.3g}). The tensors fit, but this code does "
            "not compute with them what it computed when they were published: use the version of "
            "reid_align and the arguments that they were made with."
        )
