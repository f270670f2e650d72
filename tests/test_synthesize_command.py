import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import redirect_stderr, suppress
from pathlib import Path

import pytest

from reid_align.batches.sources import PairsSource
from reid_align.datasets import load_dataset
from reid_align.shard_set import ShardSet
from reid_align.synthesize import main


def test_a_set_and_plain_files_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["-o", str(tmp_path / "set"), "--identities", "2", "--images", "1", "--seed", "8"]
    command += ["--format", "folders", "--num-workers", "1"]
    assert main(command) == 0
    assert len(list((tmp_path / "set" / "bounding_box_train").iterdir())) == 2
    assert ShardSet(tmp_path / "set.shards").length("images") == 2
    assert "2 images" in capsys.readouterr().err
    assert len(load_dataset("csv", tmp_path / "set" / "people.csv").train) == 2
    assert main(command) == 0
    assert "is complete already" in capsys.readouterr().err


def test_plain_files_of_paired_data_are_numbered(tmp_path: Path) -> None:
    options = ["--pit", "--identities", "2", "--images", "2", "--num-workers", "1"]
    assert main(["-o", str(tmp_path / "pit"), *options, "--format", "folders"]) == 0
    names = {path.relative_to(tmp_path / "pit").as_posix() for path in tmp_path.rglob("*.jpg")}
    numbered = {f"images/{number:06d}.jpg" for number in range(1, 5)}
    assert names == numbered | {"frontal/0001.jpg", "frontal/0002.jpg"}
    assert not (tmp_path / "pit" / "people.csv").exists()
    assert len(PairsSource(tmp_path / "pit" / "pairs.csv")) == 4


@pytest.mark.parametrize("output", [".", "/", ".."])
def test_plain_files_need_a_folder_name(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-o", output, "--format", "folders"]) == 2
    assert "Give the path of a new folder with its name" in capsys.readouterr().err


def test_a_folder_with_other_files_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "notes.txt").write_text("mine")
    assert main(["-o", str(tmp_path / "set"), "--format", "folders"]) == 2
    assert "contains other files" in capsys.readouterr().err
    assert not (tmp_path / "set.shards").exists()


def test_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-o", str(tmp_path / "set"), "--images", "0"]) == 2
    assert "give 1 to 999" in capsys.readouterr().err
    assert main(["-o", str(tmp_path / "set"), "--identities", "0"]) == 2


def test_a_set_with_other_settings_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["-o", str(tmp_path / "set"), "--images", "1", "--num-workers", "1"]
    assert main([*command, "--identities", "1"]) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()}
    capsys.readouterr()
    changes = (
        ["--identities", "13"], ["--identities", "1", "--seed", "1"],
        ["--identities", "1", "--width", "256"], ["--identities", "1", "--pit"],
    )  # fmt: skip
    for change in changes:
        assert main([*command, *change]) == 2
        shown = capsys.readouterr().err
        assert "set.json: this set was started with different settings" in shown
        assert len(shown.splitlines()) == 1
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()}
    assert main([*command, "--identities", "1"]) == 0
    assert "(1 of 1 shards from an earlier run)" in capsys.readouterr().err


def chunks(terminal: int) -> Iterator[str]:
    """Yield the text written to a terminal until its other end is closed."""
    with os.fdopen(terminal, "rb", buffering=0) as file, suppress(OSError):
        while data := file.read(1024):
            yield data.decode()


def test_progress_is_shown_on_a_terminal(tmp_path: Path) -> None:
    command = ["-o", str(tmp_path / "set"), "--identities", "2", "--images", "1"]
    command += ["--num-workers", "1"]
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (24, 80))
    with os.fdopen(writer, "w") as terminal, redirect_stderr(terminal):
        assert main(command) == 0
    shown = "".join(chunks(reader))
    assert "0/2 [00:00<?, ?image/s]" in shown
    assert "2/2 [" in shown


def test_a_short_run_shows_no_progress_without_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["-o", str(tmp_path / "set"), "--identities", "1", "--images", "1"]
    command += ["--num-workers", "1"]
    assert main(command) == 0
    assert capsys.readouterr().err == f"1 identities in {tmp_path / 'set'}\n"


@pytest.mark.parametrize(
    ("module", "package"), [("cv2", "opencv-python-headless"), ("numba", "numba")]
)
def test_a_missing_package_is_named(tmp_path: Path, module: str, package: str) -> None:
    script = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "from reid_align.synthesize import main; sys.exit(main(['-o', 'set']))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert f"pip install {package} " in done.stderr
    assert not list(tmp_path.iterdir())
