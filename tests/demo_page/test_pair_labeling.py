import shutil
from pathlib import Path

import numpy as np
import pytest

from reid_align.calibration import NamedPair, read_pairs
from reid_align.demo_page import PairLabeling
from reid_align.errors import InvalidInputError

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.jpg"))
NAMES = [str(path) for path in EXAMPLES]


def vectors(count: int = len(NAMES)) -> np.ndarray:
    """Features of four images per identity, as in the examples: near within, far between."""
    rng = np.random.default_rng(0)
    centers = np.repeat(rng.normal(size=(count // 4, 16)), 4, axis=0)
    return (centers + 0.1 * rng.normal(size=(count, 16))).astype(np.float32)


def test_labels_are_read_by_read_pairs(tmp_path: Path) -> None:
    labeling = PairLabeling(tmp_path / "pairs.csv", vectors(), NAMES)
    given = []
    for _ in range(30):
        pair = labeling.propose()
        assert pair is not None
        same = NAMES[pair[0]].split("_c")[0] == NAMES[pair[1]].split("_c")[0]
        assert labeling.label(pair, same)
        given.append(NamedPair(NAMES[pair[0]], NAMES[pair[1]], same))
    assert read_pairs(tmp_path / "pairs.csv") == given
    same_count = sum(pair.same for pair in given)
    assert labeling.counts == (same_count, 30 - same_count)
    # Three of four proposals are near pairs.
    assert same_count >= 5


def test_the_share_of_near_pairs_is_a_setting(tmp_path: Path) -> None:
    def same_among_proposals(near_share: float) -> int:
        file = tmp_path / f"{near_share}.csv"
        labeling = PairLabeling(file, vectors(), NAMES, near_share=near_share)
        pairs = [labeling.propose() for _ in range(100)]
        return sum(pair[0] // 4 == pair[1] // 4 for pair in pairs)

    assert same_among_proposals(1.0) > 20
    assert same_among_proposals(0.0) < 20
    with pytest.raises(InvalidInputError, match="near_share"):
        PairLabeling(tmp_path / "pairs.csv", vectors(), NAMES, near_share=1.1)


def test_a_file_is_continued_without_repeating_pairs(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    names, features = NAMES[:4], vectors()[:4]
    labeled = set()
    for _ in range(6):
        labeling = PairLabeling(file, features, names)
        pair = labeling.propose()
        assert pair is not None
        assert labeling.label(pair, True)
        labeled.add(frozenset(pair))
    assert len(labeled) == 6
    assert PairLabeling(file, features, names).propose() is None


def test_a_pair_is_stored_once(tmp_path: Path) -> None:
    labeling = PairLabeling(tmp_path / "pairs.csv", vectors(), NAMES)
    assert labeling.label((0, 1), True)
    assert not labeling.label((1, 0), False)
    assert labeling.counts == (1, 0)


def test_undo_removes_the_last_label(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    labeling = PairLabeling(file, vectors(), NAMES)
    labeling.label((0, 1), True)
    labeling.label((0, 9), False)
    assert labeling.undo() == NamedPair(NAMES[0], NAMES[9], False)
    assert read_pairs(file) == [NamedPair(NAMES[0], NAMES[1], True)]
    assert labeling.undo() == NamedPair(NAMES[0], NAMES[1], True)
    assert labeling.undo() is None
    assert labeling.counts == (0, 0)
    assert PairLabeling(file, vectors(), NAMES).counts == (0, 0)
    assert labeling.label((0, 1), True)


def test_missing_files_and_links_to_one_file_are_not_proposed(tmp_path: Path) -> None:
    shutil.copy(NAMES[0], tmp_path / "a.jpg")
    shutil.copy(NAMES[1], tmp_path / "b.jpg")
    (tmp_path / "link.jpg").symlink_to("a.jpg")
    names = [str(tmp_path / "a.jpg"), "", str(tmp_path / "link.jpg"), str(tmp_path / "b.jpg")]
    labeling = PairLabeling(tmp_path / "pairs.csv", vectors()[:4], names)
    for _ in range(20):
        pair = labeling.propose()
        assert pair is not None
        assert 3 in pair
        assert 1 not in pair
    with pytest.raises(InvalidInputError, match="at least two"):
        PairLabeling(tmp_path / "pairs.csv", vectors()[:3], names[:3])


def test_an_unreadable_file_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("something else\n")
    with pytest.raises(InvalidInputError, match="path_a"):
        PairLabeling(file, vectors(), NAMES)
    assert file.read_text() == "something else\n"
