"""SIGTERM to a training and its worker processes at once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_people import write_files

pytestmark = pytest.mark.slow


def test_a_signal_to_the_whole_process_group(tmp_path: Path) -> None:
    script, table = Path(__file__).with_name("with_workers.py"), write_files(tmp_path / "files")
    command = [sys.executable, script, table, tmp_path / "run"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGTERM)
        _, stderr = process.communicate(timeout=60)
    # Python exits with -SIGINT after a KeyboardInterrupt, or with 1 if torch._dynamo was imported.
    assert process.returncode in (-signal.SIGINT, 1), stderr
    assert "KeyboardInterrupt: step 2 is saved in" in stderr
    assert [path.stem for path in (tmp_path / "run" / "checkpoint").iterdir()] == ["000000002"]
