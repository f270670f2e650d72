import hashlib
import os
from pathlib import Path

import pytest
from dataset_trees import cuhk01

from reid_align.datasets import load_dataset
from reid_align.datasets.cuhk01 import draw_test_ids
from reid_align.errors import DatasetFormatError

IDENTITIES = range(1, 972)
DIGEST_OF_100 = "b559245c807e43f82408b9c4b1aeb8e87259b5572e536072ccca01e762e75d0b"


def test_ten_splits_of_971_identities_into_485_and_486() -> None:
    tested = [draw_test_ids(IDENTITIES, seed, 486) for seed in range(10)]
    assert {len(identities) for identities in tested} == {486}
    assert all(identities < set(IDENTITIES) for identities in tested)
    assert len(set(map(frozenset, tested))) == 10
    assert len(set().union(*tested)) > 960


def test_splits_are_stable_across_releases() -> None:
    # Regression: results on these divisions are comparable only as long as they stay the same.
    tested = [sorted(draw_test_ids(IDENTITIES, seed, 486)) for seed in range(10)]
    text = ";".join(",".join(map(str, identities)) for identities in tested)
    assert text.startswith("1,4,5,8,10,12,14,17,20,24,25,26,27,29,30,")
    digest = "840d99677e6c912d9d19dc6b6ee7bf72bbd088a1d19a11fdd4deb721e0296fa1"
    assert hashlib.sha256(text.encode()).hexdigest() == digest


def test_training_and_test_identities_are_disjoint(tmp_path: Path) -> None:
    root = cuhk01(tmp_path, identities=9).root
    splits = load_dataset("cuhk01", root, check_counts=False).splits
    for number, split in enumerate(splits):
        dataset = load_dataset("cuhk01", root, check_counts=False, split=number)
        assert dataset.splits == (split,)
        tested = {record.person_id for record in split.query}
        assert tested == draw_test_ids(range(1, 10), number, 5)
        assert tested == {record.person_id for record in split.gallery}
        assert {r.person_id for r in dataset.train} == set(range(1, 10)) - tested
        assert (len(split.query), len(split.gallery), len(dataset.train)) == (10, 10, 16)


def test_queries_are_view_a_and_gallery_is_view_b(tmp_path: Path) -> None:
    dataset = load_dataset("cuhk01", cuhk01(tmp_path).root, check_counts=False)
    assert dataset.protocol == "single_gallery_shot"
    for split in dataset.splits:
        assert {(os.path.basename(r.path)[4:7], r.camera_id) for r in split.query} == {
            ("001", 0),
            ("002", 0),
        }
        assert {(os.path.basename(r.path)[4:7], r.camera_id) for r in split.gallery} == {
            ("003", 1),
            ("004", 1),
        }


def test_ten_splits_of_971_identities_into_871_and_100(tmp_path: Path) -> None:
    root = cuhk01(tmp_path, identities=971).root
    dataset = load_dataset("cuhk01_100", root)
    assert dataset.protocol == "single_gallery_shot"
    assert dataset.train == ()
    tested = [{record.person_id for record in split.query} for split in dataset.splits]
    assert [len(identities) for identities in tested] == [100] * 10
    assert len(set(map(frozenset, tested))) == 10
    for split in dataset.splits:
        assert (len(split.query), len(split.gallery)) == (200, 200)
    one = load_dataset("cuhk01_100", root, split=3)
    assert one.splits == (dataset.splits[3],)
    assert {record.person_id for record in one.train} == set(IDENTITIES) - tested[3]
    assert len(one.train) == 4 * 871


def test_splits_of_100_are_stable_across_releases() -> None:
    tested = [sorted(draw_test_ids(IDENTITIES, seed, 100)) for seed in range(10)]
    text = ";".join(",".join(map(str, identities)) for identities in tested)
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST_OF_100
    # The test identities of the 871/100 division are among those of 485/486.
    for seed in range(10):
        assert set(tested[seed]) < draw_test_ids(IDENTITIES, seed, 486)


def test_a_reduced_copy_keeps_one_training_identity(tmp_path: Path) -> None:
    root = cuhk01(tmp_path, identities=9).root
    dataset = load_dataset("cuhk01_100", root, check_counts=False, split=0)
    assert len({record.person_id for record in dataset.train}) == 1


@pytest.mark.parametrize("name", ["0001005.png", "0001000.png", "001001.png", "map.png"])
def test_image_with_another_name_is_named_in_the_error(tmp_path: Path, name: str) -> None:
    root = cuhk01(tmp_path).root
    (root / "campus" / name).touch()
    with pytest.raises(DatasetFormatError, match=rf"campus/{name} is not named like 0001001.png"):
        load_dataset("cuhk01", root, check_counts=False)
