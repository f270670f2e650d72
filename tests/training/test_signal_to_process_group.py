"""Signals to a training and its worker processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_people import write_files

pytestmark = pytest.mark.slow
Training = subprocess.Popen[str]


def interrupted(tmp_path: Path, send: Callable[[Training, list[int]], None]) -> tuple[int, str]:
    """Train until the workers are running, send a signal, and return exit code and errors."""
    script, table = Path(__file__).with_name("with_workers.py"), write_files(tmp_path / "files")
    command = [sys.executable, script, table, tmp_path / "run"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        ready, *workers = process.stdout.readline().split()
        assert ready == "ready"
        send(process, [int(worker) for worker in workers])
        _, stderr = process.communicate(timeout=60)
    return process.returncode, stderr


def test_a_signal_to_the_whole_process_group(tmp_path: Path) -> None:
    code, stderr = interrupted(
        tmp_path, lambda process, workers: os.killpg(process.pid, signal.SIGTERM)
    )
    # Python exits with -SIGINT after a KeyboardInterrupt, or with 1 if torch._dynamo was imported.
    assert code in (-signal.SIGINT, 1), stderr
    assert "KeyboardInterrupt: step 2 is saved in" in stderr
    assert [path.stem for path in (tmp_path / "run" / "checkpoint").iterdir()] == ["000000002"]


def test_a_killed_worker_is_named_while_the_training_computes(tmp_path: Path) -> None:
    code, stderr = interrupted(
        tmp_path, lambda process, workers: os.kill(workers[0], signal.SIGKILL)
    )
    assert code == 1
    assert "WorkerProcessError: A worker process of the batch loader was killed" in stderr
