"""Digest of weights, preprocessing and options: what changes it, and the comparison."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align import FeatureExtractor, Features, create_model, extract_features, read_features
from reid_align.errors import MixedFeaturesError
from reid_align.features import (
    ExtractOptions,
    describe_features,
    digest_of,
    extract_to_file,
    feature_digest,
    read_description,
    require_same_digest,
)
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess

OPTIONS = ExtractOptions(device="cpu", num_workers=0)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    encoder = create_model("san_resnet18")
    encoder.preprocess = Preprocess(32, 16)
    return encoder


def test_extraction_writes_the_digest_and_reading_restores_it(
    encoder: Encoder, tmp_path: Path
) -> None:
    Image.fromarray(np.full((32, 16, 3), 90, np.uint8)).save(tmp_path / "a.png")
    extract_to_file([str(tmp_path / "a.png")], encoder, tmp_path / "feats.npy", OPTIONS)
    written = read_description(tmp_path / "feats.npy")["digest"]
    in_memory = extract_features([tmp_path / "a.png"], encoder, device="cpu", num_workers=0)
    assert written == digest_of(encoder, OPTIONS) == in_memory.digest
    assert read_features(tmp_path / "feats.npy").digest == written
    assert FeatureExtractor(encoder, OPTIONS).digest == written


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        (replace(OPTIONS, flip=True), "flip"),
        (replace(OPTIONS, normalize=False), "normalized"),
    ],
)
def test_options_that_change_features_change_the_digest(
    encoder: Encoder, changed: ExtractOptions, part: str
) -> None:
    one, two = digest_of(encoder, OPTIONS), digest_of(encoder, changed)
    with pytest.raises(MixedFeaturesError, match=rf"they differ in {part}\. A has .*B has") as info:
        require_same_digest(one, two, "A", "B")
    assert one in str(info.value)
    assert two in str(info.value)


def test_weights_and_preprocessing_change_the_digest(encoder: Encoder) -> None:
    torch.manual_seed(1)
    other = create_model("san_resnet18")
    other.preprocess = Preprocess(32, 20)
    with pytest.raises(MixedFeaturesError, match="they differ in weights, preprocess"):
        require_same_digest(digest_of(encoder, OPTIONS), digest_of(other, OPTIONS))


def test_the_dtype_and_the_speed_options_do_not_change_the_digest(encoder: Encoder) -> None:
    other = ExtractOptions("cpu", "bfloat16", batch_size=2, num_workers=3, backend="plain")
    assert digest_of(encoder, other) == digest_of(encoder, OPTIONS)


def test_an_unknown_digest_is_equal_to_every_other(encoder: Encoder) -> None:
    assert Features(np.zeros((1, 2), np.float32), ("a",)).digest == ""
    require_same_digest("", digest_of(encoder, OPTIONS))
    description = describe_features(encoder, OPTIONS)
    del description["preprocess"]
    assert feature_digest(description) == ""
