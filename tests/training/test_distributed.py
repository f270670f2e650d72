"""Training with two gloo processes equals training with one."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from two_processes import train

from reid_align.errors import InvalidInputError
from reid_align.training import ProcessGroup, open_group

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("two_processes.py")
SLOW_FIRST = """
import os, time
from datetime import timedelta
from reid_align.errors import ProcessLostError
from reid_align.training import open_group

# Fork here: both processes are ready to connect within the short timeout.
second = os.fork()
os.environ["RANK"] = str(int(second > 0))
with open_group(timedelta(seconds=8)) as group:
    if group.rank == 0:
        time.sleep(10)
    assert group.wait_for_first(7 + group.rank) == 7
    if group.rank == 0:
        os._exit(0)
    try:
        group.wait_for_first()
    except ProcessLostError:
        os._exit(0)
    raise AssertionError("The exit of the first process was not detected.")
"""


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """Run folder and exit codes of two processes. The second one crashes at the end."""
    folder = tmp_path_factory.mktemp("pair") / "run"
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    processes = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder)],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for process in processes:
        sys.stderr.write(process.communicate(timeout=300)[1])
    return folder, [process.returncode for process in processes]


def test_two_processes_train_like_one(pair: tuple[Path, list[int]], tmp_path: Path) -> None:
    folders = (tmp_path / "one", pair[0])
    train(folders[0], ProcessGroup())
    one, two = (
        [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        for folder in folders
    )
    assert len(one) == 14
    triplet = [line["term/reid/triplet"] for line in one]
    assert sum(value > 0.01 for value in triplet) > 7
    for expected, actual in zip(one, two, strict=True):
        assert actual == pytest.approx(expected, rel=1e-5, abs=1e-5)
    first, second = (load_file(folder / "encoder.safetensors") for folder in folders)
    for name, tensor in first.items():
        torch.testing.assert_close(second[name], tensor, rtol=0, atol=1e-5)


def test_the_crash_of_one_process_stops_the_other(pair: tuple[Path, list[int]]) -> None:
    """Exit codes of the script: 4 after detecting the crash, 1 after a failed check."""
    assert pair[1] == [4, 3]


def test_waiting_for_the_first_process_exceeds_the_timeout() -> None:
    """Its crash is still detected."""
    command = [sys.executable, "-c", SLOW_FIRST]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    subprocess.run(command, env=os.environ | shared, check=True, timeout=300)


def test_a_single_process_returns_its_input() -> None:
    alone, tensor = ProcessGroup(), torch.ones(3, requires_grad=True)
    assert alone.gather(tensor) is tensor
    alone.average([tensor])
    alone.broadcast([tensor])
    assert alone.mean([0.5]) == [0.5]
    assert alone.any([True, False]) == [True, False]
    assert alone.wait_for_first(3) == 3


def test_without_torchrun_there_is_a_single_process() -> None:
    with open_group() as group:
        assert group == ProcessGroup(0, 1)


def test_an_incomplete_environment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with (
        pytest.raises(InvalidInputError, match="Start distributed training with torchrun"),
        open_group(),
    ):
        pass
