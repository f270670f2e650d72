"""A signal to a training and to the processes that decode its images, all at once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tiny_people import write_files


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
        _, said = process.communicate(timeout=60)
    # How Python ends by KeyboardInterrupt.
    assert process.returncode == -signal.SIGINT, said
    assert [path.stem for path in (tmp_path / "run" / "checkpoint").iterdir()] == ["000000002"]
