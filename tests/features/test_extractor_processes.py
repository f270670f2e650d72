"""A FeatureExtractor in other processes: pickled to them, or forked with them."""

import copy
import multiprocessing
import pickle

import numpy as np
import pytest
import torch
from lively_encoders import lively

from reid_align import ExtractOptions, FeatureExtractor
from reid_align.errors import ForkedProcessError, InvalidInputError

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 64, 32, 3), dtype=np.uint8)


@pytest.fixture
def extractor() -> FeatureExtractor:
    options = ExtractOptions(num_workers=1, flip=True)
    return FeatureExtractor(lively("san_resnet50"), options, channel_order="bgr")


def test_a_pickled_extractor_gives_the_same_features(extractor: FeatureExtractor) -> None:
    expected = extractor(IMAGES)
    for other in (pickle.loads(pickle.dumps(extractor)), copy.deepcopy(extractor)):
        assert other.options == extractor.options
        found = other(IMAGES)
        assert found.digest == expected.digest
        np.testing.assert_array_equal(found.values, expected.values)


def test_an_extractor_of_a_changed_encoder_is_not_pickled() -> None:
    encoder = lively("san_resnet50")
    extractor = FeatureExtractor(encoder)
    with torch.no_grad():
        encoder.conv1.weight.mul_(2)
    with pytest.raises(InvalidInputError, match="encoder has changed"):
        pickle.dumps(extractor)


def _features(extractor: FeatureExtractor, answers: "multiprocessing.SimpleQueue[object]") -> None:
    try:
        answers.put(extractor(IMAGES).values)
    except ForkedProcessError as error:
        answers.put(str(error))


def _in_process(method: str, extractor: FeatureExtractor) -> object:
    context = multiprocessing.get_context(method)
    answers = context.SimpleQueue()
    process = context.Process(target=_features, args=(extractor, answers))
    process.start()
    answer = answers.get()
    process.join()
    return answer


@pytest.mark.slow
def test_a_spawned_process_computes_the_same_features(extractor: FeatureExtractor) -> None:
    expected = extractor(IMAGES).values
    np.testing.assert_array_equal(_in_process("spawn", extractor), expected)


def test_a_forked_process_may_use_an_unused_extractor(extractor: FeatureExtractor) -> None:
    found = _in_process("fork", extractor)
    np.testing.assert_array_equal(found, extractor(IMAGES).values)


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_forked_process_is_told_not_to_use_a_used_extractor(num_workers: int) -> None:
    extractor = FeatureExtractor(
        lively("san_resnet50"), ExtractOptions(num_workers=num_workers), channel_order="rgb"
    )
    if num_workers:
        extractor(IMAGES)
    assert "get_context('spawn')" in str(_in_process("fork", extractor))
