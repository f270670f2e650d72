import pytest
import torch

from reid_align import create_model
from reid_align.errors import UnknownNameError
from reid_align.models.pooling import AveragePool, GemPool, make_pool


def test_the_generalized_mean_equals_a_loop() -> None:
    feature_map = torch.rand(2, 3, 4, 5, dtype=torch.float64)
    pool = GemPool(p=2.5)
    for n in range(2):
        for c in range(3):
            values = feature_map[n, c].flatten().tolist()
            expected = (sum(max(value, 1e-6) ** 2.5 for value in values) / 20) ** (1 / 2.5)
            assert pool(feature_map)[n, c].item() == pytest.approx(expected)


def test_exponent_one_is_the_average_and_a_large_one_approaches_the_maximum() -> None:
    feature_map = torch.rand(2, 3, 4, 5, dtype=torch.float64)
    torch.testing.assert_close(GemPool(p=1.0)(feature_map), AveragePool()(feature_map))
    torch.testing.assert_close(
        GemPool(p=200.0)(feature_map), feature_map.amax((2, 3)), rtol=0.02, atol=0
    )


def test_a_map_of_zeros_has_finite_gradients() -> None:
    pool, feature_map = GemPool(), torch.zeros(1, 2, 3, 3, requires_grad=True)
    pool(feature_map).sum().backward()
    assert feature_map.grad.isfinite().all()
    assert pool.p.grad.isfinite()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_does_not_overflow(dtype: torch.dtype) -> None:
    feature_map = torch.full((1, 2, 3, 3), 300.0, dtype=dtype)
    pooled = GemPool().to(dtype)(feature_map)
    assert pooled.dtype == dtype
    torch.testing.assert_close(pooled.float(), torch.full((1, 2), 300.0), rtol=0.01, atol=0)


def test_the_exponent_is_trained_and_is_the_only_weight() -> None:
    plain, gem = create_model("san_resnet18"), create_model("san_resnet18", pool="gem")
    assert set(gem.state_dict()) - set(plain.state_dict()) == {"pool.p"}
    assert gem.pool.p.item() == 3
    gem(torch.randn(2, 3, 64, 32)).sum().backward()
    assert gem.pool.p.grad.abs() > 0


def test_another_pooling_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Unknown pool 'max'"):
        make_pool("max")
