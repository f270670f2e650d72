"""Explanations of images: numbers, figures and bad input."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align import create_model, extract_features, san_resnet50
from reid_align.errors import ImageReadError, InvalidInputError, MissingExtraError, UnknownNameError
from reid_align.explanation import Explanation, explain_image, explain_pair
from reid_align.explanation.occlusion import occlusion_map
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(1)
    made = create_model("san_resnet18", head="bnneck", pool="gem").eval()
    made.preprocess = Preprocess(128, 64)
    return made


def noise(seed: int, size: tuple[int, int] = (128, 64)) -> np.ndarray:
    return np.random.default_rng(seed).integers(100, 156, (*size, 3), dtype=np.uint8)


def planted() -> tuple[np.ndarray, np.ndarray]:
    """Two images with one patch, at row 2, column 1 and at row 5, column 2 of the grid."""
    first, second = noise(0), noise(1)
    patch = np.zeros((24, 24, 3), np.uint8)
    patch[::2, ::2], patch[..., 0] = 255, 255
    first[20:44, 4:28], second[68:92, 20:44] = patch, patch
    return first, second


@pytest.fixture(scope="module")
def pair(encoder: Encoder) -> Explanation:
    return explain_pair(*planted(), encoder, channel_order="rgb", device="cpu")


def test_a_planted_patch_is_found_where_it_is(pair: Explanation) -> None:
    best = pair.matches[0]
    assert (best.first, best.second) == ((2, 1), (5, 2))
    first, second = pair.to_json()["matches"][0]["first"], pair.to_json()["matches"][0]["second"]
    assert (first, second) == ([8, 24, 24, 40], [24, 72, 40, 88])
    assert np.unravel_index(pair.heat[0].argmax(), (8, 4)) == (2, 1)
    assert np.unravel_index(pair.heat[1].argmax(), (8, 4)) == (5, 2)


def test_the_shipped_weights_find_the_patch() -> None:
    encoder = san_resnet50(pretrained=True)
    found = explain_pair(*planted(), encoder, channel_order="rgb", device="cpu")
    assert (found.matches[0].first, found.matches[0].second) == ((2, 1), (5, 2))


def test_similarity_is_that_of_the_extracted_features(pair: Explanation, encoder: Encoder) -> None:
    features = extract_features(pair.images, encoder, channel_order="rgb", device="cpu").values
    assert pair.similarity == pytest.approx(float(features[0] @ features[1]), abs=1e-5)
    for heat in pair.heat:
        assert heat.sum() == pytest.approx(pair.similarity, abs=1e-4)


def test_the_second_image_first_exchanges_everything(pair: Explanation, encoder: Encoder) -> None:
    exchanged = explain_pair(*pair.images[::-1], encoder, channel_order="rgb", device="cpu")
    assert exchanged.similarity == pytest.approx(pair.similarity, abs=1e-6)
    assert exchanged.heat[0] == pytest.approx(pair.heat[1], abs=1e-6)
    assert {(m.second, m.first) for m in exchanged.matches} == {
        (m.first, m.second) for m in pair.matches
    }


def test_one_image_is_explained_by_itself(encoder: Encoder) -> None:
    explanation = explain_image(Image.fromarray(noise(3)), encoder, device="cpu")
    assert explanation.similarity == pytest.approx(1.0)
    assert explanation.heat[0].sum() == pytest.approx(1.0, abs=1e-4)
    assert explanation.matches == ()
    assert explanation.names == ("input[0]",)
    assert explanation.draw().height == explanation.draw(height=100).height + 284


def test_the_numbers_are_json(pair: Explanation) -> None:
    numbers = json.loads(json.dumps(pair.to_json()))
    assert numbers["distance"] == pytest.approx(1 - pair.similarity)
    image = numbers["images"][1]
    assert (image["width"], image["height"]) == (64, 128)
    assert np.array(image["contributions"]).shape == (8, 4)
    assert image["boxes"][5][2] == [24, 72, 40, 88]
    assert [one["path"] for one in numbers["images"]] == ["input[0]", "input[1]"]
    assert len(numbers["matches"]) == len(pair.matches)


def test_the_figure_shows_images_heat_and_matches(pair: Explanation) -> None:
    figure, plain = pair.draw(matches=3), pair.draw(matches=0)
    assert figure.height == plain.height
    assert figure.width > plain.width  # without matches the third group is left out
    colors = set(map(tuple, np.asarray(figure).reshape(-1, 3).tolist()))
    assert {(0xE6, 0x9F, 0x00), (0x56, 0xB4, 0xE9)} <= colors  # lines of matches 1 and 2


def test_covering_the_patch_costs_the_most_similarity(pair: Explanation, encoder: Encoder) -> None:
    covered = explain_pair(
        *pair.images, encoder, method="occlusion", channel_order="rgb", device="cpu"
    )
    assert covered.similarity == pytest.approx(pair.similarity, abs=1e-5)
    assert covered.matches == pair.matches
    assert covered.heat[0].shape == (128, 64)
    row, column = np.unravel_index(covered.heat[0].argmax(), (128, 64))
    assert 16 <= row < 48
    assert 0 <= column < 32
    assert "drops" in covered.to_json()["images"][0]


def test_occlusion_is_the_mean_drop_of_the_windows(encoder: Encoder) -> None:
    image = encoder.preprocess.normalize(torch.from_numpy(noise(4)).permute(2, 0, 1)[None])
    with torch.no_grad():
        target = encoder(image)[0]
        drops = occlusion_map(encoder, image, target)
        corner = image.clone()
        corner[..., :16, :16] = 0
        expected = 1 - torch.cosine_similarity(encoder(corner)[0], target, dim=0)
    # The corner of 8×8 pixels is covered by one window only.
    assert drops[:8, :8] == pytest.approx(np.full((8, 8), float(expected)), abs=1e-5)


def test_bad_input_is_refused(encoder: Encoder, tmp_path: Path) -> None:
    image = noise(5)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not an image")
    with pytest.raises(ImageReadError, match=r"broken\.jpg"):
        explain_image(tmp_path / "broken.jpg", encoder)
    with pytest.raises(InvalidInputError, match="Got 2 images where one is explained"):
        explain_image([image, image], encoder, channel_order="rgb")
    with pytest.raises(InvalidInputError, match="channel_order"):
        explain_pair(image, image, encoder)
    with pytest.raises(UnknownNameError, match="Unknown method 'lime'"):
        explain_image(image, encoder, channel_order="rgb", method="lime")
    with pytest.raises(InvalidInputError, match="Pass an Encoder"):
        explain_image(image, torch.nn.Linear(2, 2), channel_order="rgb")
    explanation = explain_image(Image.fromarray(image), encoder, device="cpu")
    with pytest.raises(InvalidInputError, match="matches is 21"):
        explanation.draw(matches=21)
    with pytest.raises(InvalidInputError, match="height is 0"):
        explanation.draw(height=0)


def test_without_captum_the_install_command_is_named(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(MissingExtraError, match=r"pip install captum .*\[explain\]"):
        explain_image(Image.fromarray(noise(9)), encoder, method="occlusion", device="cpu")


def test_the_encoder_is_not_modified(encoder: Encoder) -> None:
    trained = create_model("san_resnet18").train()
    trained.preprocess = Preprocess(64, 32)
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    explain_image(Image.fromarray(noise(6)), trained, device="cpu")
    assert trained.training
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (700, 20)])
def test_images_of_any_size_are_explained(encoder: Encoder, size: tuple[int, int]) -> None:
    explanation = explain_pair(noise(7, size), noise(8), encoder, channel_order="rgb", device="cpu")
    assert explanation.draw(height=64).height == 64 + 40
