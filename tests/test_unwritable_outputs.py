"""Every command that writes, with an output that exists or cannot be written."""

import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from foreign_states import foreign_state
from PIL import Image
from tiny_people import write_files
from unprivileged import open_folder, without_the_rights_of_root

from reid_align import create_model, save_pretrained
from reid_align.__main__ import main as reid_align
from reid_align.heads import decoder_for
from reid_align.preprocess import Preprocess
from reid_align.weights import WeightsHeader, module_fingerprint, save_tensors

CPU = ["--device", "cpu", "--num-workers", "0"]
ENCODER = ["--weights", "encoder", *CPU]
SCORES = ["evaluate", "folder", "crops", "--features", "f.npy"]
SCORES += ["--data-option", r"pattern=(?P<person_id>\d+)_c(?P<camera_id>\d)"]
CALIBRATE = ["calibrate", "folder", "many", "--features", "many.npy", "--bootstrap", "5"]
CALIBRATE += ["--data-option", r"pattern=(?P<person_id>\d)_", "--false-match-rate", "0.1"]
PAIR = ["crops/0001_c1.png", "crops/0001_c2.png"]
TRAIN = ["train", "baseline_modern", "--tiny", "--data", "csv=files/people.csv", *CPU]
SELFTRAIN = ["selftrain", "many", "--weights", "encoder", *CPU, "--rounds", "1"]
SELFTRAIN += ["--set", "training.epochs=2", "--set", "training.steps_per_epoch=1"]
COMMANDS = {
    "extract": ["extract", "crops", *ENCODER, "-o", "OUT/g.npy"],
    "evaluate": [*SCORES, "-o", "OUT/r.json"],
    "queries": [*SCORES, "--queries", "OUT/q.csv"],
    "unwrap": ["unwrap", "crops", "--weights", "run", "--device", "cpu", "-o", "OUT/textures"],
    "train": [*TRAIN, "--set", "training.steps_per_epoch=1", "-o", "OUT/run"],
    "selftrain": [*SELFTRAIN, "-o", "OUT/adapted"],
    "average": ["publish", "average", "encoder", "encoder", "-o", "OUT/average"],
    "convert": ["convert", "osnet.pth", "-o", "OUT/converted"],
    "show": ["show", "sheet", "crops", "-o", "OUT/sheet.png"],
    "cluster": ["cluster", "--features", "many.npy", "--threshold", "0.5", "-o", "OUT/ids.csv"],
    "calibrate": [*CALIBRATE, "-o", "OUT/calibration.json"],
    "verify": ["verify", *PAIR, *ENCODER, "-o", "OUT/verified.json"],
    "export": ["export", "--weights", "encoder", "-o", "OUT/model.pt2"],
    "synthesize": ["synthesize", "--identities", "2", "--images", "1", "-o", "OUT/set"],
}


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """A folder that every user may enter, with images, features, an encoder and a run."""
    with open_folder() as folder:
        random = np.random.default_rng(0)
        (folder / "crops").mkdir()
        for name in ("0001_c1", "0001_c2", "0002_c1", "0002_c2"):
            pixels = random.integers(0, 256, (40, 20, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "crops" / f"{name}.png")
        (folder / "many").mkdir()
        for index in range(20):
            # Five images of each of four identities: the brightness is the identity.
            pixels = np.full((40, 20, 3), 60 * (index // 5), np.uint8)
            pixels[index % 5] = 255
            Image.fromarray(pixels).save(folder / "many" / f"{index // 5}_{index}.png")
        (folder / "files").mkdir()
        write_files(folder / "files")
        torch.manual_seed(0)
        encoder = create_model("san_resnet18")
        encoder.preprocess = Preprocess(32, 16)
        save_pretrained(encoder, folder / "encoder")
        decoder = decoder_for(encoder, height=32, width=32)
        (folder / "run").mkdir()
        for module, name, size in (
            (encoder, "encoder", encoder.preprocess),
            (decoder, "san_decoder", None),
        ):
            header = WeightsHeader(
                module.architecture, module.arch_args, size, module_fingerprint(module)
            )
            save_tensors(module, folder / "run" / f"{name}.safetensors", header)
        torch.save(foreign_state("osnet_x0_25"), folder / "osnet.pth")
        before = Path.cwd()
        os.chdir(folder)
        try:
            assert reid_align(["extract", "crops", *ENCODER, "-o", "f.npy"]) == 0
            assert reid_align(["extract", "many", *ENCODER, "-o", "many.npy"]) == 0
            yield folder
        finally:
            os.chdir(before)


@pytest.fixture
def output(prepared: Path) -> Iterator[Path]:
    folder = prepared / "out"
    folder.mkdir()
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def error_of(
    command: list[str], output: Path | str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """Run a command with its output in a folder; return the exit code and the error line."""
    code = reid_align([part.replace("OUT/", f"{output}/") for part in command])
    lines = [line for line in capsys.readouterr().err.splitlines() if ": error: " in line]
    assert len(lines) == 1
    assert "Unexpected" not in lines[0]
    return code, lines[0]


@contextmanager
def full_disk() -> Iterator[None]:
    """Let this process write files of at most 100 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_in_place_of_the_folder_and_a_read_only_folder(
    name: str, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Import everything first: another user may not read Python's own files.
    (output / "file").touch()
    code, error = error_of(COMMANDS[name], output / "file", capsys)
    assert code in (1, 2)
    assert "file" in error
    (output / "file").unlink()
    output.chmod(0o555)
    with without_the_rights_of_root():
        code, error = error_of(COMMANDS[name], output, capsys)
    assert code in (1, 2)
    assert str(output) in error
    assert "not writable" in error or "Permission denied" in error
    assert not list(output.iterdir())


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "synthesize"])
def test_a_full_disk(name: str, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with full_disk():
        code, error = error_of(COMMANDS[name], output, capsys)
    assert code == 1
    assert "File too large" in error or "another output" in error
    left = {path.name for path in output.rglob("*.partial")}
    assert left <= {"g.npy.partial"}


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("train", "synthesize")])
def test_an_existing_output_is_kept(
    name: str, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = output / Path(COMMANDS[name][-1]).name
    mine = target if target.suffix else target / "mine"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    code, error = error_of(COMMANDS[name], output, capsys)
    assert code == 2
    assert str(target) in error
    assert mine.read_text() == "mine"
    if target.suffix:
        assert "--force" in error
        assert reid_align([*COMMANDS[name][:-1], str(target), "--force"]) == 0
        assert mine.read_bytes() != b"mine"


@pytest.mark.parametrize("option", ["-o", "--queries"])
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_evaluate_does_not_replace_a_part_of_features(
    prepared: Path, option: str, force: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    part = prepared / ("f.json" if option == "-o" else "f.csv")
    before = part.read_bytes()
    code, error = error_of([*SCORES, option, part.name, *force], "", capsys)
    assert code == 2
    assert f"Output {part.name} would replace a part of the features f.npy" in error
    assert part.read_bytes() == before


@pytest.mark.parametrize("verb", ["extract", "evaluate"])
def test_no_room_for_temporary_files(
    verb: str, output: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(output / "gone"))
    assert reid_align([part.replace("OUT", str(output)) for part in COMMANDS[verb]]) == 0
