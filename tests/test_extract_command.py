"""Command ``python -m reid_align.extract``."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_align import from_pretrained, read_features
from reid_align.__main__ import VERBS
from reid_align.__main__ import main as reid_align
from reid_align.extract import main as extract
from reid_align.preprocess import Preprocess

SKIPPING = {"cluster", "evaluate", "extract", "gallery", "search", "show", "unwrap"}


@pytest.fixture
def crops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with twelve good images in ``crops``."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "crops"
    folder.mkdir()
    random = np.random.default_rng(0)
    for index in range(12):
        pixels = random.integers(0, 256, (40, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:02}.jpg")
    return folder


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_a_folder_becomes_a_matrix(
    crops: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert extract(["crops", "-o", "feats.npy", "--weights", weights]) == 0
    assert last_line(capsys) == "12 × 2048 features in feats.npy"
    features = read_features("feats.npy")
    assert features.paths == tuple(f"crops/{index:02}.jpg" for index in range(12))
    np.testing.assert_allclose(np.linalg.norm(features.values, axis=1), 1, rtol=1e-5)


def test_options_change_the_features(crops: Path, weights: str) -> None:
    common = ["crops", "--weights", weights, "--device", "cpu"]
    assert extract([*common, "-o", "plain.npy", "--no-normalize"]) == 0
    flags = ["--flip", "--dtype", "bfloat16", "--batch-size", "5", "--num-workers", "0"]
    assert extract([*common, "-o", "other.npy", *flags]) == 0
    description = json.loads(Path("other.json").read_text())
    assert (description["flip"], description["computed_in"]) == (True, "bfloat16")
    assert (description["normalized"], description["model"]) == (True, "san_resnet50")
    plain, other = read_features("plain.npy").values, read_features("other.npy").values
    cosine = (plain * other).sum(1) / np.linalg.norm(plain, axis=1)
    assert 0.9 < cosine.min() < 0.9999


def test_adapt_uses_the_images_of_all_shards(
    crops: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in range(12, 36):
        Image.new("RGB", (20, 40), (7 * index, 50, 90)).save(crops / f"{index}.png")
    command = ["crops", "--weights", weights, "--device", "cpu", "-o"]
    assert extract([*command, "plain.npy"]) == 0
    assert extract([*command, "f.npy", "--adapt", "--seed", "2"]) == 0
    assert extract([*command, "s.npy", "--adapt", "--seed", "2", "--shard", "1/2"]) == 0
    plain, whole, part = (
        json.loads(Path(name).read_text())
        for name in ("plain.json", "f.json", "s-00001-of-00002.json")
    )
    assert whole["adapted"] == {
        "images": 36,
        "seed": 2,
        "state_sha256": plain["state_sha256"],
    }
    assert part["state_sha256"] == whole["state_sha256"] != plain["state_sha256"]
    values = np.load("f.npy")
    np.testing.assert_allclose(np.load("s-00001-of-00002.npy"), values[1::2], atol=1e-5)
    assert not np.allclose(np.load("plain.npy"), values, atol=1e-2)
    (crops / "99.png").write_bytes(b"no image")
    assert extract([*command, "broken.npy", "--adapt"]) == 1
    assert "crops/99.png" in last_line(capsys)
    assert extract([*command, "broken.npy", "--adapt", "--on-error", "skip"]) == 3
    assert json.loads(Path("broken.json").read_text())["adapted"]["images"] == 36


def test_inputs_of_all_kinds(crops: Path, weights: str) -> None:
    Path("list.txt").write_text("crops/03.jpg\ncrops/04.jpg\n")
    inputs = ["crops/00.jpg", "crops/1*.jpg", "list.txt"]
    assert extract([*inputs, "-o", "feats.npy", "--weights", weights]) == 0
    names = [Path(path).stem for path in read_features("feats.npy").paths]
    assert names == ["00", "10", "11", "03", "04"]


def test_a_list_on_standard_input(crops: Path, weights: str) -> None:
    command = [sys.executable, "-m", "reid_align.extract", "-", "-o", "feats.npy"]
    listing = b"crops/05.jpg\0crops/02.jpg\0"
    done = subprocess.run([*command, "--weights", weights], input=listing, check=False)
    assert done.returncode == 0
    assert read_features("feats.npy").paths == ("crops/05.jpg", "crops/02.jpg")


def test_random_weights_depend_on_the_seed(crops: Path) -> None:
    arguments = ["crops/00.jpg", "--weights", "random", "--model", "resnet50_baseline"]
    for name, seed in [("a", "0"), ("b", "0"), ("c", "1")]:
        assert extract([*arguments, "-o", f"{name}.npy", "--seed", seed]) == 0
    a, b, c = (np.load(f"{name}.npy") for name in "abc")
    assert np.array_equal(a, b)
    assert not np.allclose(a, c)


def test_a_broken_image_stops_or_is_skipped(
    crops: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (crops / "07.jpg").write_bytes(b"no image")
    command = ["crops", "-o", "feats.npy", "--weights", weights]
    assert extract(command) == 1
    said = last_line(capsys)
    assert "crops/07.jpg" in said
    assert "--on-error skip" in said
    assert not Path("feats.npy").exists()
    # The advice works with and without earlier results.
    assert extract([*command[:2], "other.npy", *command[3:], "--resume", "--on-error", "skip"]) == 3
    assert last_line(capsys) == "1 image could not be read; see other.json."
    assert extract([*command, "--on-error", "skip"]) == 3
    assert last_line(capsys) == "1 image could not be read; see feats.json."
    assert [f.path for f in read_features("feats.npy").failed] == ["crops/07.jpg"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing", "-o", "f.npy", "--weights", "random"], 1, "nothing"),
        (["empty", "-o", "f.npy", "--weights", "random"], 1, "empty"),
        (["crops", "-o", "f.npy", "--model", "san_resnet18"], 1, "no published weights"),
        (["crops", "-o", "f.npy", "--weights", "gone.safetensors"], 1, "gone.safetensors"),
        (["crops", "-o", "f.npy", "--weights", "gone/"], 1, "gone"),
        (["crops", "-o", "no/f.npy", "--weights", "random"], 1, "the folder no does not exist"),
        (["crops", "-o", "f.txt", "--weights", "random"], 2, "must end in .npy"),
        (["crops", "-o", "f.npy", "--model", "osnet"], 2, "Unknown model 'osnet'"),
        (["crops", "-o", "f.npy", "--weights", "random", "--shard", "2/2"], 2, "Shard 2/2"),
        (["crops", "-o", "f.npy", "--weights", "random", "--adapt"], 2, "Only 12 of 12 images"),
        (["crops", "-o", "f.npy", "--weights", "random", "--batch-size", "0"], 2, "batch_size 0"),
        (["crops", "-o", "f.npy", "--weights", "random", "--device", "gpu"], 2, "Device 'gpu'"),
        (["crops", "-o", "f.npy", "--weights", "random", "--device", "cuda:99"], 2, "--device cpu"),
        (["crops", "-o", "f.npy", "--model", "san_resnet18"], 1, "--weights random"),
    ],
)
def test_errors_are_one_line_with_an_exit_code(
    crops: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    Path("empty").mkdir()
    assert extract(arguments) == code
    error = capsys.readouterr().err
    assert error.startswith("python -m reid_align.extract: error: ")
    assert message in error
    assert error.count("\n") == 1
    assert not list(Path().glob("f.npy*"))


def test_wrong_usage_is_reported_by_the_parser(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["crops"], ["crops", "-o", "f.npy", "--dtype", "int8"]):
        with pytest.raises(SystemExit) as stopped:
            extract(arguments)
        assert stopped.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_debug_shows_the_traceback(crops: Path) -> None:
    with pytest.raises(FileNotFoundError):
        extract(["nothing", "-o", "f.npy", "--weights", "random", "--debug"])


def images_done(progress: Path) -> int:
    return json.loads(progress.read_text())["images"] if progress.exists() else 0


@pytest.mark.slow
def test_interrupted_and_resumed(crops: Path, weights: str) -> None:
    paths = [f"crops/{index % 12:02}.jpg" for index in range(1500)]
    Path("many.txt").write_text("\n".join(paths))
    command = [sys.executable, "-m", "reid_align.extract", "many.txt", "-o", "feats.npy"]
    child = subprocess.Popen([*command, "--weights", weights], stderr=subprocess.PIPE, text=True)
    progress, deadline = Path("feats.npy.partial/progress.json"), time.monotonic() + 120
    while images_done(progress) == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    error = child.communicate()[1]
    assert child.returncode == 130
    done = images_done(progress)
    assert error.strip().splitlines()[-1] == (
        f"python -m reid_align.extract: interrupted; {done:,} of 1,500 images are in "
        "feats.npy.partial; rerun with --resume to continue"
    )
    assert extract(["many.txt", "-o", "feats.npy", "--weights", weights]) == 1
    assert extract(["many.txt", "-o", "feats.npy", "--weights", weights, "--resume"]) == 0
    assert read_features("feats.npy").paths == tuple(paths)


def test_weights_select_the_model(crops: Path, weights: str) -> None:
    encoder = from_pretrained(weights)
    assert encoder.architecture == "san_resnet50"
    assert encoder.preprocess == Preprocess(32, 16)
    command = ["crops", "-o", "f.npy", "--weights", weights, "--model", "dsa_reid"]
    assert extract(command) == 2


def test_a_training_run_is_accepted_as_weights(crops: Path, weights: str) -> None:
    Path("run").mkdir()
    shutil.copy(weights, "run/encoder.safetensors")
    for name, given in (("a", weights), ("b", "run")):
        command = ["crops/00.jpg", "-o", f"{name}.npy", "--device", "cpu", "--weights", given]
        assert extract(command) == 0
    assert np.array_equal(np.load("a.npy"), np.load("b.npy"))


def test_help_does_not_load_torch() -> None:
    script = (
        "import sys; from reid_align.extract import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0
    assert "exit codes:" in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_help_lists_code_3_where_an_image_may_fail(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        reid_align([verb, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    codes = shown.rpartition("exit codes: ")[2]
    some = "3 done but some images failed, " if verb in SKIPPING else ""
    assert codes == f"0 done, 1 failed, 2 wrong usage, {some}130 interrupted"


def test_the_package_lists_its_verbs_and_runs_them(
    crops: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in ([], ["--help"]):
        assert reid_align(arguments) == 0
        listed = capsys.readouterr().out
        assert all(f"\n  {verb} " in listed for verb in VERBS)
    assert reid_align(["extract", "crops", "-o", "f.npy", "--weights", weights]) == 0
    assert reid_align(["extrakt"]) == 2
    assert "Unknown verb 'extrakt'" in capsys.readouterr().err
    modules = Path(sys.modules["reid_align"].__file__).parent
    assert all((modules / f"{verb}.py").exists() for verb in VERBS)
