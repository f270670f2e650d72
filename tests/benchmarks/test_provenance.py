"""Where a figure comes from: the processor, the commit, and each origin once."""

import shlex
import subprocess
from pathlib import Path

import pytest

from benchmarks.docs_tables.encoder_tables import fitted
from benchmarks.docs_tables.markdown import origins
from benchmarks.docs_tables.speed_tables import precision
from benchmarks.result_files import _commit, _processor, provenance

ZEN4 = """\
processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC
flags\t\t: fpu: vme

processor\t: 1
cpu family\t: 26
model\t\t: 2
model name\t: another
"""
FIRST = {"command": "run", "commit": "0123456789", "machine": "m", "cores": 2, "torch": "2.6"}
SECOND = {**FIRST, "commit": "abcdef0123"}


def test_processor_has_family_and_model(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text(ZEN4)
    assert _processor(info) == "AMD EPYC (family 25, model 17)"


@pytest.mark.parametrize("missing", ["cpu family", "model\t"])
def test_processor_without_family_or_model_keeps_its_name(tmp_path: Path, missing: str) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text(ZEN4.replace(missing, "something else"))
    assert _processor(info) == "AMD EPYC"


def test_processor_without_a_name_comes_from_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.processor", lambda: "arm")
    assert _processor(tmp_path / "missing") == "arm"
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nCPU implementer\t: 0x41\n")
    assert _processor(info) == "arm"


def test_origins_are_distinct() -> None:
    text = origins([FIRST, SECOND, FIRST])
    assert text.count("Measured with") == 2
    assert text.index("`01234567`") < text.index("`abcdef01`")
    assert origins([]) == ""


def test_tables_list_all_origins() -> None:
    row = {"label": "san", "batch": 8, "height": 256, "width": 128, "images_per_second": {}}
    row |= {"scores": {}, "cuhk03_train": {"plain": {"rank1": 1.0, "mAP": 2.0}}}
    for table in (precision, fitted):
        text = table({"rows": [{**row, **FIRST}, {**row, **SECOND}]})
        assert text.count("Measured with") == 2


def test_modified_results_do_not_make_the_commit_dirty(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        command = ["git", *identity, *arguments]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()

    results, code = tmp_path / "benchmarks/results/zoo.json", tmp_path / "benchmarks/zoo.py"
    results.parent.mkdir(parents=True)
    results.write_text("{}")
    code.write_text("")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "x")
    commit = git("rev-parse", "HEAD")
    results.write_text("[]")
    assert _commit(code.parent) == commit
    code.write_text("1")
    assert _commit(code.parent) == f"{commit}-dirty"


def test_commit_is_unknown_outside_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert _commit(tmp_path) == "unknown"


def test_recorded_command_is_quoted_for_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["transfer.py", "--label", "SAN's last stage, seed 0", "--encoder", "two ways=a"]
    monkeypatch.setattr("sys.argv", arguments)
    assert shlex.split(str(provenance()["command"])) == ["python", *arguments]
