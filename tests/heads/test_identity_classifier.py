import pytest
import torch
from torch import nn

from reid_align.heads import IdentityClassifier, TwoLayerClassifier


def test_the_single_layer_starts_with_nearly_equal_logits() -> None:
    torch.manual_seed(0)
    classifier = IdentityClassifier(2048, 751)
    assert classifier.weight.std().item() == pytest.approx(0.001, rel=0.01)
    assert not classifier.bias.any()
    assert IdentityClassifier(2048, 751, std=0.01).weight.std().item() == pytest.approx(
        0.01, rel=0.01
    )


def test_the_single_layer_maps_features_to_logits() -> None:
    classifier = IdentityClassifier(5, 3)
    features = torch.randn(4, 5)
    expected = features @ classifier.weight.T + classifier.bias
    torch.testing.assert_close(classifier(features), expected)


def test_two_layers_are_linear_batch_norm_relu_linear() -> None:
    torch.manual_seed(0)
    classifier = TwoLayerClassifier(6, 3, hidden_dim=4).train()
    nn.init.normal_(classifier.bn.weight)
    nn.init.normal_(classifier.bn.bias)
    features = torch.randn(8, 6)
    hidden = features @ classifier.fc1.weight.T + classifier.fc1.bias
    centerd = hidden - hidden.mean(0)
    scaled = centerd / (hidden.var(0, unbiased=False) + classifier.bn.eps).sqrt()
    hidden = (scaled * classifier.bn.weight + classifier.bn.bias).clamp(min=0)
    expected = hidden @ classifier.fc2.weight.T + classifier.fc2.bias
    torch.testing.assert_close(classifier(features), expected)


@pytest.mark.parametrize(("feature_dim", "count"), [(2048, 1_435_375), (256, 517_871)])
def test_two_layer_sizes_for_market_1501(feature_dim: int, count: int) -> None:
    with torch.device("meta"):
        classifier = TwoLayerClassifier(feature_dim, 751)
    assert sum(p.numel() for p in classifier.parameters()) == count


def test_two_layer_initial_weights() -> None:
    torch.manual_seed(0)
    classifier = TwoLayerClassifier(2048, 751)
    for layer in (classifier.fc1, classifier.fc2):
        assert layer.weight.std().item() == pytest.approx(0.01, rel=0.01)
        assert not layer.bias.any()
