import numpy as np
import pytest

from reid_align.errors import InvalidInputError
from reid_align.synth.identity_generator import look_alike_of
from reid_align.synth.synth_settings import (
    CAMERAS,
    IDENTITIES_PER_SHARD,
    SynthSettings,
    camera_plan,
    roles,
    split_of,
)

MANY = SynthSettings(identities=360, images=10, seed=1)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"identities": 0}, "0 identities: give 1 to 1,000,000"),
        ({"identities": 10**12}, "give 1 to 1,000,000"),
        ({"images": 0}, "0 images of each identity: give 1 to 999"),
        ({"images": 1000}, "give 1 to 999"),
        ({"seed": -1}, "seed -1: give 0"),
        ({"seed": 2**63}, "give 0 to"),
        ({"width": 100}, "128 or 256"),
    ],
)
def test_impossible_settings_are_refused(changed: dict[str, int], text: str) -> None:
    with pytest.raises(InvalidInputError, match=text):
        SynthSettings(**{"identities": 3, "images": 2, **changed})


def test_splits_share_neither_cameras_nor_look_alikes() -> None:
    cameras: dict[str, set[int]] = {}
    for number in range(MANY.identities):
        split = split_of(MANY, number)
        cameras.setdefault(split, set()).update(camera_plan(MANY, number).tolist())
        if look_alike_of(number) >= 0:
            assert split_of(MANY, look_alike_of(number)) == split
    assert cameras == {split: set(numbers) for split, numbers in CAMERAS.items()}
    numbers = [number for split in CAMERAS.values() for number in split]
    assert len(numbers) == len(set(numbers)) >= 32


def test_most_identities_are_for_training() -> None:
    counts = np.unique([split_of(MANY, number) for number in range(360)], return_counts=True)
    assert dict(zip(*counts, strict=True)) == {"test": 54, "train": 288, "val": 18}


def test_paired_data_are_for_training_only() -> None:
    pit = SynthSettings(identities=40, images=2, pit=True)
    assert {split_of(pit, number) for number in range(40)} == {"train"}


@pytest.mark.parametrize("images", [1, 2, 3, 4, 10, 31])
def test_a_test_identity_is_in_query_and_gallery_of_different_cameras(images: int) -> None:
    settings = SynthSettings(identities=20, images=images)
    number = 14
    cameras = camera_plan(settings, number)
    found = roles("test", cameras)
    assert len(cameras) == len(found) == images
    queries = [camera for camera, role in zip(cameras, found, strict=True) if role == "query"]
    assert len(queries) == len(set(queries)) >= 1
    for camera in queries if images > 1 else []:
        assert any(c != camera and r == "gallery" for c, r in zip(cameras, found, strict=True))


def test_training_identities_have_no_queries() -> None:
    assert set(roles("train", camera_plan(MANY, 0))) == {"train"}


def test_each_identity_is_in_one_shard() -> None:
    settings = SynthSettings(identities=2 * IDENTITIES_PER_SHARD + 1, images=1)
    found = [number for shard in range(settings.shards) for number in settings.shard_numbers(shard)]
    assert found == list(range(settings.identities))
