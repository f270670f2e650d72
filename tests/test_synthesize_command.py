import os
import pty
import termios
from collections.abc import Iterator
from contextlib import redirect_stderr, suppress
from pathlib import Path

import pytest

from reid_align.shard_set import ShardSet
from reid_align.synthesize import main


def test_the_command_writes_a_set_and_plain_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["-o", str(tmp_path / "set"), "--identities", "2", "--images", "1", "--seed", "8"]
    assert main([*command, "--format", "folders", "--workers", "1"]) == 0
    assert len(list((tmp_path / "set" / "bounding_box_train").iterdir())) == 2
    assert ShardSet(tmp_path / "set.shards").length("images") == 2
    assert "2 images" in capsys.readouterr().err


def test_the_command_reports_errors_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-o", str(tmp_path / "set"), "--images", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err
    assert main(["-o", str(tmp_path / "set"), "--identities", "0"]) == 2


def chunks(terminal: int) -> Iterator[str]:
    """Yield what was written to a terminal whose other end is closed."""
    with os.fdopen(terminal, "rb", buffering=0) as file, suppress(OSError):
        while data := file.read(1024):
            yield data.decode()


def test_progress_is_shown_on_a_terminal(tmp_path: Path) -> None:
    command = ["-o", str(tmp_path / "set"), "--identities", "2", "--images", "1", "--workers", "1"]
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (24, 80))
    with os.fdopen(writer, "w") as terminal, redirect_stderr(terminal):
        assert main(command) == 0
    shown = "".join(chunks(reader))
    assert "0/2 [00:00<?, ?image/s]" in shown
    assert "2/2 [" in shown


def test_no_progress_is_written_to_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["-o", str(tmp_path / "set"), "--identities", "1", "--images", "1", "--workers", "1"]
    assert main(command) == 0
    assert capsys.readouterr().err == f"1 identities in {tmp_path / 'set'}\n"
