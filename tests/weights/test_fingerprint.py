"""Feature fingerprint: definition, sensitivity and tolerance."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from weights_samples import TinyEncoder, same_tensors

from reid_align.errors import InvalidInputError, WeightsIntegrityError
from reid_align.weights import check_fingerprint, fingerprint, module_fingerprint, wave


def visible(changed: Tensor, output: Tensor) -> bool:
    try:
        check_fingerprint(fingerprint(changed), fingerprint(output), "test")
    except WeightsIntegrityError:
        return True
    return False


@pytest.fixture
def output() -> Tensor:
    return torch.randn(1, 2048, generator=torch.Generator().manual_seed(0))


def test_the_wave_is_a_cosine_over_the_flat_index() -> None:
    made = wave(2, 3, 5)
    assert made.dtype == torch.float32
    expected = np.cos(0.011 * np.arange(30)).astype(np.float32).reshape(2, 3, 5)
    assert np.array_equal(made.numpy(), expected)


def test_the_fingerprint_equals_a_plain_computation(output: Tensor) -> None:
    values = output.flatten().tolist()
    n = len(values)
    samples = [values[round(i * (n - 1) / 31)] for i in range(32)]
    norm = math.sqrt(math.fsum(value * value for value in values) / n)
    ratio = (1 + 5**0.5) / 2
    weighted = math.fsum(v * (2 * (i * ratio % 1) - 1) for i, v in enumerate(values))
    expected = [*samples, norm, weighted / math.sqrt(n)]
    assert fingerprint(output) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_numbers_have_at_most_seven_digits(output: Tensor) -> None:
    assert all(float(f"{value:.7g}") == value for value in fingerprint(output))


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 31), (1, 3, 8, 8)])
def test_outputs_of_any_shape_have_a_fingerprint_of_one_length(shape: tuple[int, ...]) -> None:
    assert len(fingerprint(torch.ones(shape))) == 34


def test_scale_permutation_and_noise_are_visible(output: Tensor) -> None:
    assert visible(output * 1.01, output)
    assert visible(output.flip(1), output)
    assert visible(output.roll(1, 1), output)
    assert visible(output + 0.02 * torch.ones_like(output), output)


def test_a_change_between_the_samples_is_visible(output: Tensor) -> None:
    swapped = output.clone()
    swapped[:, 1:60] = output[:, 1:60].flip(1)
    assert fingerprint(swapped)[:32] == fingerprint(output)[:32]
    assert visible(swapped, output)


def test_rounding_of_the_last_digits_is_tolerated(output: Tensor) -> None:
    noise = torch.randn(output.shape, generator=torch.Generator().manual_seed(1))
    assert not visible(output + 1e-5 * noise, output)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_output_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(WeightsIntegrityError, match="NaN or infinity"):
        fingerprint(torch.tensor([1.0, value]))


def test_an_empty_output_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="empty"):
        fingerprint(torch.ones(0, 4))


def test_the_error_names_the_source_and_both_magnitudes() -> None:
    expected = (2.0,) + (0.0,) * 33
    with pytest.raises(WeightsIntegrityError, match=r"^tiny\.a: .* by 0\.5 \(allowed: 0\.002\)"):
        check_fingerprint((2.5,) + (0.0,) * 33, expected, "tiny.a")
    check_fingerprint((2.0019,) + (0.0,) * 33, expected, "tiny.a")


def test_a_modules_fingerprint_is_that_of_its_output_in_eval_mode() -> None:
    encoder = TinyEncoder().eval()
    with torch.no_grad():
        expected = fingerprint(encoder(*encoder.example_inputs()))
    assert module_fingerprint(encoder) == expected
    assert module_fingerprint(encoder.train()) == expected


def test_taking_a_fingerprint_does_not_change_the_module() -> None:
    encoder = TinyEncoder().train().half()
    encoder.norm.eval()
    module_fingerprint(encoder)
    assert encoder.training
    assert not encoder.norm.training
    assert encoder.head.weight.dtype == torch.float16
    assert same_tensors(encoder, TinyEncoder().half())


def test_a_float32_cpu_module_is_not_copied_and_stays_trainable() -> None:
    encoder = TinyEncoder().eval()
    module_fingerprint(encoder)
    assert same_tensors(encoder, TinyEncoder())
    encoder(*encoder.example_inputs()).sum().backward()
    assert encoder.head.weight.grad is not None


def test_half_precision_is_computed_in_float32() -> None:
    stored = TinyEncoder().half()
    assert module_fingerprint(stored) == module_fingerprint(TinyEncoder().half().float())
