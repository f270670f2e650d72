"""Feature fingerprint that verifies loaded weights: 34 numbers from a fixed input's output."""

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
    """An ``nn.Module`` that weights can be loaded into; it provides a small example input."""

    def example_inputs(self) -> tuple[Tensor, ...]:
        """Return the input of the fingerprint: float32 tensors on the CPU, always the same."""

    def __call__(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return the output for an input."""

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

    Uses no random generator, so the values do not depend on library versions.
    """
    index = torch.arange(math.prod(shape), dtype=torch.float64)
    return torch.cos(0.011 * index).float().reshape(shape)


def fingerprint(output: Tensor | tuple[Tensor, ...]) -> tuple[float, ...]:
    """Reduce an output of any shape to 34 numbers with 7 significant digits.

    The numbers are 32 values at evenly spaced positions of the flattened output; its root mean
    square, which detects a change of scale; and its weighted sum divided by √n, with the fractional
    part of i·φ (golden ratio), mapped to [-1, 1), as the weight of value i, which detects a
    permutation. All have the magnitude of the output.

    Raises:
        WeightsIntegrityError: the output contains NaN or infinity.
        InvalidInputError: the output is empty.
    """
    parts = (output,) if isinstance(output, Tensor) else output
    values = torch.cat([part.detach().cpu().double().flatten() for part in parts])
    if not len(values):
        raise InvalidInputError("The output is empty; a fingerprint needs at least one value.")
    if not values.isfinite().all():
        raise WeightsIntegrityError(
            "The model's output contains NaN or infinity with these weights."
        )
    places = torch.linspace(0, len(values) - 1, SAMPLES, dtype=torch.float64).round().long()
    weights = (torch.arange(len(values), dtype=torch.float64) * GOLDEN_RATIO).frac() * 2 - 1
    summary = torch.stack((values.norm(), values @ weights)) / math.sqrt(len(values))
    return tuple(float(f"{value:.7g}") for value in torch.cat((values[places], summary)).tolist())


def module_fingerprint(module: Loadable) -> tuple[float, ...]:
    """Return the fingerprint of a model's output for its example input.

    Computed in float32, in eval mode and on the CPU. A model in another state is copied first; the
    model itself does not change.
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
    """Compare two fingerprints with a tolerance of 1e-3 of the largest expected magnitude.

    Measured on ResNet-50 relative to that magnitude: thread counts, kernels and float64 change the
    fingerprint by 1e-6; a batch-norm epsilon of 1e-3 instead of 1e-5 changes it by 2e-3 or more.
    Weights stored in half precision or int8 are published with the fingerprint they give after
    loading.

    Args:
        actual: fingerprint of the loaded model.
        expected: published fingerprint.
        source: origin of the weights, for the message.

    Raises:
        WeightsIntegrityError: the difference exceeds the tolerance.
    """
    tolerance = TOLERANCE * max(map(abs, expected))
    pairs = zip(actual, expected, strict=True)
    difference = max(abs(got - published) for got, published in pairs)
    if difference > tolerance:
        raise WeightsIntegrityError(
            f"{source}: the model's output for the test input differs from the published one by "
            f"{difference:.3g} (allowed: {tolerance:.3g}). The tensors fit, but the model computes "
            "something else than when they were published. Use the version of reid_align and the "
            "arguments that the weights were made with."
        )
