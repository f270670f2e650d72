"""The shares of the position pairs add up to the similarity; a planted region is matched."""

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam

from reid_align import create_model
from reid_align.explanation import match_regions, position_features, similarity_shares


def test_the_shares_of_a_handmade_pair() -> None:
    first = torch.tensor([[[3.0, 0.0], [0.0, 4.0]]])  # mean (1.5, 2), length 2.5
    second = torch.tensor([[[2.0, 0.0], [0.0, 0.0]]])  # mean (1, 0), length 1
    shares = similarity_shares(first, second)
    assert shares.pairs.shape == (1, 2, 1, 2)
    assert shares.similarity == pytest.approx(0.6)
    assert shares.first == pytest.approx(np.array([[0.6, 0.0]]))
    assert shares.second == pytest.approx(np.array([[0.6, 0.0]]))
    assert shares.cosines[0, :, 0] == pytest.approx(np.array([[1.0, 0.0], [0.0, 0.0]]))


def test_the_sum_is_the_cosine_similarity_and_exchange_transposes() -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = torch.randn(2, 5, 3, 16, generator=generator).double()
    shares, exchanged = similarity_shares(first, second), similarity_shares(second, first)
    means = first.mean((0, 1)), second.mean((0, 1))
    expected = float(torch.cosine_similarity(*means, dim=0))
    assert shares.similarity == pytest.approx(expected, abs=1e-12)
    assert shares.first.sum() == pytest.approx(expected, abs=1e-12)
    assert shares.second.sum() == pytest.approx(expected, abs=1e-12)
    assert exchanged.pairs == pytest.approx(shares.pairs.transpose(2, 3, 0, 1), abs=1e-15)
    one = {(match.first, match.second) for match in match_regions(shares)}
    two = {(match.second, match.first) for match in match_regions(exchanged)}
    assert one == two


def test_an_image_is_similar_to_itself_everywhere() -> None:
    values = torch.randn(4, 2, 8, generator=torch.Generator().manual_seed(1))
    shares = similarity_shares(values, values)
    assert shares.similarity == pytest.approx(1.0)
    assert all(match.first == match.second for match in match_regions(shares))
    assert len(match_regions(shares)) == 8


def test_zero_features_have_no_similarity() -> None:
    shares = similarity_shares(torch.zeros(2, 1, 4), torch.ones(2, 1, 4))
    assert shares.similarity == 0
    assert np.isfinite(shares.pairs).all()
    assert np.isfinite(shares.cosines).all()


def test_a_planted_region_is_the_strongest_match() -> None:
    generator = torch.Generator().manual_seed(2)
    first, second = 0.1 * torch.randn(2, 8, 4, 64, generator=generator)
    planted = torch.randn(64, generator=generator)
    first[1, 2], second[6, 0] = planted, 2 * planted
    best, *_ = match_regions(similarity_shares(first, second))
    assert (best.first, best.second) == ((1, 2), (6, 0))
    assert best.cosine == pytest.approx(1.0)
    assert best.contribution == max(
        match.contribution for match in match_regions(similarity_shares(first, second))
    )


def test_matches_are_mutual_and_sorted() -> None:
    cosines = torch.tensor([[[1.0, 0.0]], [[0.8, 0.6]], [[0.0, 0.5]]])
    second = torch.tensor([[[2.0, 0.0]], [[0.0, 8.0]]])
    matches = match_regions(similarity_shares(cosines, second))
    # (0.8, 0.6) is closest to (2, 0), which is closer to (1, 0).
    assert [(match.first, match.second) for match in matches] == [
        ((2, 0), (1, 0)),
        ((0, 0), (0, 0)),
    ]
    assert matches[0].contribution > matches[1].contribution


def test_grad_cam_gives_the_same_map_for_average_pooling() -> None:
    torch.manual_seed(0)
    network = create_model("san_resnet18").eval()
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        split = position_features(network, images)
    other = split.features[1]
    length = float(split.features[0].norm() * other.norm())

    def similarity(batch: torch.Tensor) -> torch.Tensor:
        # Divided by a constant: the gradient of the norm is not part of the share.
        return network(batch) @ other / length

    grad_cam = LayerGradCam(similarity, network.layer4).attribute(images[:1])[0, 0]
    shares = similarity_shares(split.values[0], split.values[1])
    # Captum averages the gradient over the positions and sums over the channels.
    torch.testing.assert_close(
        grad_cam.detach().double(), torch.from_numpy(shares.first), rtol=1e-3, atol=1e-6
    )
