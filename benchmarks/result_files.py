"""Result files and their provenance: command, commit, library versions and machine."""

import json
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from reid_align import __version__
from reid_align.cores import available_cores
from reid_align.files import replace_file, writing

RESULTS = Path(__file__).parent / "results"
WRITTEN = (":(top,exclude)benchmarks/results", ":(top,exclude)docs/images")


def provenance() -> dict[str, object]:
    """Return version and commit of the code, the command, the libraries and the machine."""
    return {
        "command": _command(),
        "version": __version__,
        "commit": _commit(),
        "machine": f"{platform.system()} {platform.machine()}, {_processor()}",
        "cores": available_cores(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "numpy": version("numpy"),
    }


def write_result(path: Path, content: Mapping[str, object]) -> None:
    """Write a result as JSON, atomically.

    Raises:
        OutputError: the file cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, (json.dumps(content, indent=2) + "\n").encode())


def add_row(path: Path, benchmark: str, row: Mapping[str, object]) -> None:
    """Append a labeled row to a table; replaces a row with the same label."""
    before = json.loads(path.read_text("utf-8")) if path.exists() else {}
    rows = [old for old in before.get("rows", []) if old["label"] != row["label"]]
    write_result(path, {"benchmark": benchmark, "rows": [*rows, row]})


def _commit(folder: Path = RESULTS.parent) -> str:
    """Return the commit, with the suffix "-dirty" if the code was modified.

    Files written by the benchmarks do not count as code. Otherwise the first row of a table would
    mark all later rows as dirty.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ":/", *WRITTEN)
    return f"{commit}-dirty" if changed else commit or "unknown"


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], capture_output=True, text=True, cwd=folder
    ).stdout.strip()


def _processor(info: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor name, with family and model if the first core states both.

    The name alone can be ambiguous: "AMD EPYC (family 25, model 17)" is a Zen 4. Falls back to
    `platform.processor`.
    """
    text = info.read_text() if info.exists() else ""
    pairs = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    found = fields.get("model name") or platform.processor()
    if not fields.keys() >= {"cpu family", "model"}:
        return found
    return f"{found} (family {fields['cpu family']}, model {fields['model']})"


def _command() -> str:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is not None and spec.name.startswith("benchmarks."):
        started = ["-m", spec.name]
    else:
        started = [_relative(sys.argv[0])]
    return shlex.join(["python", *started, *map(_relative, sys.argv[1:])])


def _relative(argument: str) -> str:
    """Strip the folders of a path outside the repository, to keep them private."""
    name, equals, text = argument.rpartition("=")
    path = Path(text)
    outside = path.is_absolute() or ".." in path.parts
    return name + equals + path.name if outside else argument
