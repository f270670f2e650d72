import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor

from reid_align.errors import OutputError, WeightsFormatError
from reid_align.training.reporting.running_means import RunningTotal
from reid_align.training.resumable_loader import LoaderCursor
from reid_align.training.saving.run_checkpoints import Checkpoints
from reid_align.training.training_state import Evaluation, TrainingPosition, TrainingState

TENSORS = {
    "task:weight": torch.arange(6.0).view(2, 3).t(),
    "task:count": torch.tensor(7),
    "average:weight": torch.tensor([0.1, 1e-40, -0.0]),
}


def state(step: int) -> TrainingState:
    return TrainingState(
        TrainingPosition(step, 2, 1, 5),
        {"reid": LoaderCursor(2, 1), "synthetic": LoaderCursor(0, 11)},
        {"term/reid/identity": RunningTotal(0.1 + 0.2, 3)},
        321,
        (65536.0, 17),
        Evaluation(2, {"mAP": 1 / 3}),
        Evaluation(1, {"mAP": 0.5}),
    )


def test_a_checkpoint_is_read_back_exactly(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoint", keep=2)
    assert checkpoints.newest() is None
    checkpoints.write(state(11), TENSORS)
    assert checkpoints.newest() == 11
    assert checkpoints.read_state(11) == state(11)
    back = checkpoints.read_tensors(11)
    assert back.keys() == TENSORS.keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in TENSORS.items())


def test_an_empty_state_is_read_back(tmp_path: Path) -> None:
    Checkpoints(tmp_path, keep=1).write(TrainingState(), TENSORS)
    assert Checkpoints(tmp_path, keep=1).read_state(0) == TrainingState()


def test_checkpoints_have_the_default_permissions(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    checkpoints = Checkpoints(tmp_path, keep=1)
    checkpoints.write(state(1), TENSORS)
    assert checkpoints.path(1).stat().st_mode == (tmp_path / "other").stat().st_mode


def test_only_the_newest_checkpoints_are_kept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step in (9, 10, 99, 100):
        checkpoints.write(state(step), TENSORS)
    assert checkpoints.steps() == [99, 100]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "000000099.safetensors",
        "000000100.safetensors",
    ]


def test_a_truncated_checkpoint_is_skipped(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, keep=3)
    for step in (1, 2):
        checkpoints.write(state(step), TENSORS)
    content = checkpoints.path(2).read_bytes()
    for length in (0, 5, len(content) // 2, len(content) - 1):
        checkpoints.path(2).write_bytes(content[:length])
        assert checkpoints.newest() == 1
    checkpoints.path(1).write_bytes(b"")
    with pytest.raises(OutputError, match=r"No checkpoint in .* is readable"):
        checkpoints.newest()


@pytest.mark.parametrize(("keep", "left"), [(1, [150]), (2, [100, 150])])
def test_a_damaged_later_checkpoint_does_not_count(
    tmp_path: Path, keep: int, left: list[int]
) -> None:
    checkpoints = Checkpoints(tmp_path, keep)
    checkpoints.write(state(100), TENSORS)
    checkpoints.path(200).write_bytes(b"cut off")
    assert checkpoints.newest() == 100
    checkpoints.write(state(150), TENSORS)
    assert checkpoints.steps() == left


def test_a_checkpoint_of_another_version_is_an_error(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, keep=1)
    checkpoints.write(state(1), TENSORS)
    content = checkpoints.path(1).read_bytes()
    changed = content.replace(rb"\"schema\": 1", rb"\"schema\": 9")
    assert changed != content
    checkpoints.path(1).write_bytes(changed)
    with pytest.raises(OutputError, match=r"000000001.safetensors: schema: expected 1, got 9"):
        checkpoints.read_state(1)


def test_a_missing_checkpoint_is_an_error(tmp_path: Path) -> None:
    with pytest.raises((WeightsFormatError, FileNotFoundError)):
        Checkpoints(tmp_path, keep=1).read_state(3)


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Limit file sizes, like a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_keeps_earlier_checkpoints(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, keep=1)
    checkpoints.write(state(1), TENSORS)
    content = checkpoints.path(1).read_bytes()
    large: dict[str, Tensor] = {"task:weight": torch.zeros(10_000)}
    with files_up_to(8192), pytest.raises(OutputError, match=r"Cannot write .*free space"):
        checkpoints.write(state(2), large)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [content]


def test_the_state_is_readable_json(tmp_path: Path) -> None:
    assert json.loads(state(3).to_json())["cursors"]["synthetic"] == {"epoch": 0, "position": 11}
