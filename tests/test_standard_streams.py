"""Every command with closed, full and ASCII standard streams, and with failing outputs."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

import numpy as np
import pytest
from PIL import Image

from reid_align.__main__ import VERBS
from reid_align.__main__ import main as reid_align
from reid_align.cli import report

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")


@contextmanager
def full_disk() -> Iterator[TextIO]:
    """A text stream on a disk without free space."""
    raw = FULL.open("wb", buffering=0)
    stream = io.TextIOWrapper(io.BufferedWriter(raw), "utf-8")
    yield stream
    # The buffered text cannot be flushed; the command has redirected the descriptor.
    stream.close()


def exit_code(arguments: list[str]) -> int:
    try:
        return reid_align(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)


@pytest.fixture
def crops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with four images of two identities from two cameras in ``crops``."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    folder = tmp_path / "crops"
    folder.mkdir()
    for identity in (1, 2):
        for camera in (1, 2):
            pixels = random.integers(0, 256, (40, 20, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{identity:04}_c{camera}.png")
    return folder


@needs_full
@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_on_a_full_disk_is_an_error_and_shown_on_standard_error(verb: str) -> None:
    errors = io.StringIO()
    with full_disk() as stream, redirect_stdout(stream), redirect_stderr(errors):
        assert exit_code([verb, "--help"] if verb else []) == 1
    shown = errors.getvalue()
    assert "usage: python -m reid_align" in shown
    assert shown.endswith(
        "error: Cannot write to standard output: No space left on device. The output is above.\n"
    )


@needs_full
@pytest.mark.parametrize("verb", VERBS)
def test_wrong_usage_keeps_its_exit_code_without_standard_error(verb: str) -> None:
    with full_disk() as stream, redirect_stderr(stream):
        assert exit_code([verb, "--unknown-option"]) == 2
    closed = io.StringIO()
    closed.close()
    with redirect_stderr(closed):
        assert exit_code([verb, "--unknown-option"]) == 2


def test_closed_streams_do_not_stop_the_work(crops: Path, weights: str) -> None:
    command = [sys.executable, "-m", "reid_align", "extract", "crops", "-o", "f.npy"]
    line = '"$@" 2>&- 1>&- 0<&-'
    done = subprocess.run(["sh", "-c", line, "sh", *command, "--weights", weights], check=False)
    assert done.returncode == 0
    assert np.load("f.npy").shape == (4, 2048)


@needs_full
def test_a_report_that_cannot_be_printed_is_kept(crops: Path, weights: str) -> None:
    evaluate = ["evaluate", "folder", "crops", "--weights", weights, "-o", "result.json"]
    evaluate += ["--data-option", r"pattern=(?P<person_id>\d+)_c(?P<camera_id>\d)"]
    errors = io.StringIO()
    with full_disk() as stream, redirect_stdout(stream), redirect_stderr(errors):
        assert reid_align(evaluate) == 1
    assert "mAP" in errors.getvalue()
    assert Path("result.json").exists()


def test_characters_that_an_encoding_lacks_are_replaced() -> None:
    content = io.BytesIO()
    stream = io.TextIOWrapper(content, "ascii", newline="\n")

    def work() -> int:
        print("2 × 3 … ±1 é caf\udce9")
        return 0

    with redirect_stdout(stream):
        assert report("prog", work) == 0
    stream.flush()
    assert content.getvalue() == b"2 x 3 ... +/-1 \\u00e9 caf\xe9\n"
    assert stream.errors == "strict"


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (OSError(36, "File name too long", "a" * 300), 1, "File name too long."),
        (MemoryError(), 1, "Out of memory. Use smaller batches"),
        (RuntimeError("odd\nmore"), 1, "Unexpected RuntimeError: odd. Rerun the command with --d"),
        (RecursionError(), 1, "Unexpected RecursionError: no message."),
    ],
)
def test_any_error_is_one_line(
    error: Exception, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> int:
        raise error

    assert report("prog", work) == code
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.startswith("prog: error: ")
    assert shown.count("\n") == 1
    assert len(shown) < 300
    with pytest.raises(type(error)):
        report("prog", work, debug=lambda: True)


def test_a_closed_pipe_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream, redirect_stdout(stream):
        assert reid_align(["--help"]) == 1
    assert capfd.readouterr().err == ""


LONG = "a" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        ["extract", "crops", "-o", f"{LONG}.npy", "--weights", "random"],
        ["extract", "crops", "-o", "f.npy", "--weights", LONG],
        ["extract", "crops", "-o", "f.npy", "--model", LONG],
        ["extract", LONG, "-o", "f.npy", "--weights", "random"],
        ["evaluate", "csv", LONG, "--weights", "random"],
        ["evaluate", "csv", "a.csv", "--features", f"{LONG}.npy"],
        ["evaluate", "csv", "a.csv", "--weights", "random", "-o", f"{LONG}.json"],
        ["unwrap", LONG, "-o", "out", "--weights", "w"],
        ["unwrap", "crops", "-o", "out", "--weights", LONG],
        ["train", LONG, "-o", "run"],
        ["train", "san_baseline", "--data", f"csv={LONG}", "-o", "run"],
        ["train", "san_baseline", "--data", "csv=a.csv", "-o", LONG],
        ["publish", "check", "san_resnet50.x", "--weights", LONG],
        ["publish", "average", LONG, LONG, "-o", "out"],
        ["convert", LONG, "-o", "out"],
        ["synthesize", "-o", LONG, "--identities", "2", "--images", "2"],
    ],
    ids=lambda arguments: " ".join(argument[:12] for argument in arguments),
)
def test_names_that_are_too_long(
    crops: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(arguments) in (1, 2)
    shown = capsys.readouterr().err
    assert ": error: " in shown
    assert "Unexpected" not in shown
    assert "Traceback" not in shown


def test_warnings_of_the_decoder_name_each_image(
    crops: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one.tif", "two.tif"):
        content = io.BytesIO()
        Image.new("RGB", (20, 40)).save(content, "TIFF", compression="packbits")
        # The end of the file is a part of the metadata.
        (crops / name).write_bytes(content.getvalue()[:-40])
    code = reid_align(
        ["extract", "crops", "-o", "f.npy", "--weights", weights, "--on-error", "skip"]
    )
    shown = capsys.readouterr().err
    for name in ("one.tif", "two.tif"):
        assert f"python -m reid_align.extract: warning: crops/{name}: " in shown
    assert code in (0, 3)
