"""The ``publish`` command on the command line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hub_server import Hub
from hub_server_publish import PublishHandler

from reid_align import save_pretrained
from reid_align.__main__ import main as reid_align
from reid_align.cli.publish_commands import COMMANDS
from reid_align.evaluate import main as evaluate
from reid_align.publish import main as publish

# A deprecation inside huggingface_hub.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

NAME, REPO_ID = "resnet18_baseline.try", "maintainer-org/try"
CARD = f"""\
summary = "Untrained."
license = "Apache-2.0"
cost = "none"
citation = "@misc{{none}}"
limits = ["Random weights, for testing only."]
recipe = {{ name = "none", command = "none", commit = "{"ab" * 20}", seed = 0 }}
training_data = [{{ name = "nothing", terms = "none", synthetic = true }}]
results = [{{ file = "result.json" }}]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder without a run, its result and its card."""
    from reid_align import create_model
    from reid_align.preprocess import Preprocess

    folder = tmp_path_factory.mktemp("made")
    encoder = create_model("resnet18_baseline")
    encoder.preprocess = Preprocess(32, 16)
    save_pretrained(encoder, folder / "encoder")
    examples = Path(__file__).parents[1] / "examples"
    pattern = r"pattern=^(?P<person_id>\d+)_c(?P<camera_id>\d+)"
    place = [
        "folder",
        str(examples),
        "--data-option",
        pattern,
        "--weights",
        str(folder / "encoder"),
    ]
    assert evaluate([*place, "--device", "cpu", "-o", str(folder / "result.json")]) == 0
    (folder / "card.toml").write_text(CARD, "utf-8")
    return folder


@pytest.fixture
def what(made: Path) -> list[str]:
    return [NAME, "--weights", str(made / "encoder"), "--card", str(made / "card.toml")]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "weights_manifest.json"
    path.write_text(json.dumps({"schema": 1, "weights": {}}))
    return path


@pytest.fixture
def logged_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setenv("HF_TOKEN", PublishHandler.TOKEN)
    return hub


def test_check_prints_a_summary(what: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert reid_align(["publish", "check", *what]) == 0
    shown = capsys.readouterr().out
    assert shown == (
        f"{NAME}: encoder, trained by none at abababab, Apache-2.0, results: "
        "1 in full precision, 0 as int8\n"
    )


def test_check_reports_problems(
    what: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(["check", *what[:3]]) == 2
    assert f"cards/{NAME}.toml: cannot read the card" in capsys.readouterr().err
    assert publish(["check", NAME, "--weights", str(tmp_path), *what[3:]]) == 1
    assert "has neither encoder.safetensors nor model.safetensors" in capsys.readouterr().err


def test_build_push_and_pin_one_by_one(
    logged_in: Hub,
    what: list[str],
    manifest: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, repo = str(tmp_path / "out"), ["--repo", REPO_ID]
    assert publish(["build", *what, *repo, "-o", out]) == 0
    capsys.readouterr()
    pushed = ["push", out, *repo, "--tag", "v1.0.0", "--public"]
    assert publish(pushed) == 0
    shown = capsys.readouterr().out
    assert f"{REPO_ID} (public): 3 files in one commit, with the tag v1.0.0" in shown
    assert shown.endswith("Dry run: nothing was uploaded. Add --yes to upload.\n")
    assert logged_in.requests == []
    assert publish([*pushed, "--yes"]) == 0
    commit = capsys.readouterr().out.split()[-1]
    assert logged_in.repositories[REPO_ID].tags == {"v1.0.0": commit}
    listed = ["--revision", commit, "--manifest", str(manifest)]
    assert publish(["pin", *what, *repo, *listed]) == 0
    entry = json.loads(manifest.read_text())["weights"][NAME]
    assert entry["hub"]["revision"] == commit
    assert entry["recipe"]["cost"] == "none"


def test_release_is_a_dry_run_without_yes(
    logged_in: Hub, what: list[str], manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["release", *what, "--repo", REPO_ID, "--manifest", str(manifest), "--default"]
    assert publish(command) == 2
    assert "Add --public" in capsys.readouterr().err
    assert publish([*command, "--public"]) == 0
    assert "nothing was uploaded" in capsys.readouterr().out
    assert logged_in.requests == []
    assert json.loads(manifest.read_text())["weights"] == {}
    assert publish([*command, "--public", "--yes"]) == 0
    commit = capsys.readouterr().out.split()[-1]
    entry = json.loads(manifest.read_text())["weights"][NAME]
    assert (entry["hub"]["revision"], entry["default"]) == (commit, True)


@pytest.mark.parametrize(
    ("command", "new"),
    [("convert", "convert CHECKPOINT -o FOLDER"), ("imagenet", "convert imagenet:MODEL -o FOLDER")],
)
def test_moved_commands_name_the_new_one(
    command: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        publish([command, "x", "-o", "y"])
    assert ended.value.code == 2
    assert f"publish {command} is now: python -m reid_align.{new}" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=str)
def test_help_lists_the_exit_codes(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        publish([*command, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.endswith("exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted")


def test_help_does_not_load_torch() -> None:
    code = (
        "import contextlib, sys\nfrom reid_align.publish import main\n"
        "with contextlib.suppress(SystemExit): main(['release', '--help'])\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "default: dry run" in done.stdout
