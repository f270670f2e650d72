import pytest
import torch

from reid_align.errors import InvalidInputError
from reid_align.heads import AddFusion, ConcatFusion


def test_addition_is_element_wise_and_has_no_parameters() -> None:
    features, guide = torch.randn(3, 5), torch.randn(3, 5)
    assert torch.equal(AddFusion()(features, guide), features + guide)
    assert not list(AddFusion().parameters())


@pytest.mark.parametrize("shape", [(1, 5), (5,), (3, 1), (3, 4)])
def test_addition_refuses_to_broadcast(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInputError, match="the same shape"):
        AddFusion()(torch.zeros(3, 5), torch.zeros(shape))


def test_concatenation_weighs_features_and_guide_separately() -> None:
    fusion = ConcatFusion(5)
    features, guide = torch.randn(3, 5), torch.randn(3, 5)
    left, right = fusion.fc.weight.chunk(2, dim=1)
    expected = features @ left.T + guide @ right.T + fusion.fc.bias
    torch.testing.assert_close(fusion(features, guide), expected)


def test_concatenation_goes_from_4096_to_2048() -> None:
    with torch.device("meta"):
        fusion = ConcatFusion()
    assert fusion.fc.weight.shape == (2048, 4096)
