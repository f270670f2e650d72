"""The verb ``export``, and commands that run the file it wrote."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align import create_model, save_pretrained
from reid_align.__main__ import main as reid_align
from reid_align.exporting.check_images import draw_figure
from reid_align.preprocess import Preprocess

CPU = ["--device", "cpu", "--num-workers", "0"]
# An environment without the packages of an extra: they cannot be imported.
WITHOUT = """
import sys
sys.modules["{package}"] = None
from reid_align.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 12 drawn images, a small encoder, and its exported file."""
    folder = tmp_path_factory.mktemp("export")
    (folder / "crops").mkdir()
    for index in range(12):
        figure = draw_figure(40 + 9 * index, 20 + 7 * index, index)
        Image.fromarray(figure).save(folder / "crops" / f"{index:02}.png")
    torch.manual_seed(0)
    encoder = create_model("san_resnet14")
    encoder.preprocess = Preprocess(64, 32, smoothing=1.0, stretch=0.01)
    save_pretrained(encoder, folder / "encoder")
    arguments = ["--weights", str(folder / "encoder"), "-o", str(folder / "model.onnx")]
    assert reid_align(["export", *arguments, "--license", "CC0-1.0"]) == 0
    return folder


@pytest.fixture
def inside(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    return place


@pytest.mark.slow
def test_the_check_prints_the_smallest_cosine(
    inside: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["export", "--weights", "encoder", "-o", str(tmp_path / "m.onnx"), "--check"]
    assert reid_align(command) == 0
    shown = capsys.readouterr()
    assert "smallest cosine 1.000000 at " in shown.out
    assert "over 8 images of 8 sizes (limit 0.9995)" in shown.out
    assert "2048 numbers per image" in shown.err
    assert "license: unknown" in shown.err
    assert reid_align(command) == 2
    assert "Use --force to replace it." in capsys.readouterr().err
    int8 = ["--precision", "int8", "--images", "crops", "--force"]
    assert reid_align([*command, *int8]) == 0
    assert "(limit 0.995)" in capsys.readouterr().out


@pytest.mark.slow
def test_a_failed_check_exits_with_1_and_keeps_the_former_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The images for the check are figures; those for the calibration are black.
    for index in range(8):
        pixels = draw_figure(64, 32, index) if index % 4 == 0 else np.zeros((64, 32, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{index}.png")
    output = tmp_path / "model.onnx"
    output.write_text("former")
    command = ["export", "-o", str(output), "--force", "--check", "--precision", "int8"]
    assert reid_align([*command, "--images", str(tmp_path)]) == 1
    assert "The exported model differs from the encoder: smallest" in capsys.readouterr().err
    assert output.read_text() == "former"


@pytest.mark.slow
def test_commands_run_the_file(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    extract = ["extract", "crops", *CPU, "--force"]
    assert reid_align([*extract, "-o", "plain.npy", "--weights", "encoder"]) == 0
    assert reid_align([*extract, "-o", "onnx.npy", "--model", "model.onnx"]) == 0
    one, two = np.load("plain.npy"), np.load("onnx.npy")
    assert (one * two).sum(1).min() > 0.99999
    plain, onnx = (json.loads(Path(f"{name}.json").read_text()) for name in ("plain", "onnx"))
    assert plain["digest"] == onnx["digest"]
    assert (onnx["weights"]["name"], onnx["precision"]) == ("model.onnx", "float32")
    capsys.readouterr()
    # The query is encoded as the gallery was: by the file that feats.json names.
    assert reid_align(["search", "crops/00.png", "--gallery", "onnx.npy", *CPU]) == 0
    hits = capsys.readouterr().out
    assert reid_align(["search", "plain.npy", "--gallery", "onnx.npy"]) == 0
    first = capsys.readouterr().out.splitlines()[1]
    assert first.split()[-1] == hits.splitlines()[1].split()[-1]
    # The number format of a file is fixed; the gallery may have another one.
    half = ["-o", "half.npy", "--weights", "encoder", "--dtype", "bfloat16"]
    assert reid_align([*extract, *half]) == 0
    search = ["search", "crops/00.png", "--gallery", "half.npy", "--model", "model.onnx"]
    assert reid_align([*search, *CPU]) == 0


@pytest.mark.slow
def test_features_of_another_encoder_are_refused(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = ["--model", "san_resnet18", "--weights", "random", *CPU]
    assert reid_align(["extract", "crops", "-o", "other.npy", *other, "--force"]) == 0
    search = ["search", "crops/00.png", "--gallery", "other.npy", "--model", "model.onnx", *CPU]
    assert reid_align(search) == 2
    error = capsys.readouterr().err
    assert "the encoder model.onnx cannot be compared: they differ in weights, preprocess" in error


@pytest.mark.slow
def test_files_that_are_no_model_are_one_line(
    inside: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.onnx").write_bytes((inside / "model.onnx").read_bytes()[:5000])
    cases = {
        str(tmp_path / "broken.onnx"): (1, "cannot be opened by ONNX Runtime"),
        str(tmp_path / "none.onnx"): (1, "no such file"),
        "model.pt2": (2, "can contain a pickle"),
    }
    for model, (code, message) in cases.items():
        assert reid_align(["extract", "crops", "-o", "x.npy", "--model", model]) == code
        [line] = capsys.readouterr().err.splitlines()
        assert model in line
        assert message in line
    both = ["extract", "crops", "-o", "x.npy", "--model", "model.onnx", "--weights", "encoder"]
    assert reid_align(both) == 2
    assert "Give it with --model, and leave out encoder" in capsys.readouterr().err
    assert not Path("x.npy").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "command"),
    [
        ("onnxruntime", "extract crops -o x.npy --model model.onnx"),
        ("onnxscript", "export --weights encoder -o x.onnx"),
        ("openvino", "export --weights encoder -o x.xml"),
    ],
)
def test_a_missing_extra_is_one_line_with_the_install_command(
    inside: Path, package: str, command: str
) -> None:
    script = WITHOUT.format(package=package)
    done = subprocess.run(
        [sys.executable, "-c", script, *command.split()], capture_output=True, text=True
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert f"pip install {package}" in line
    assert not Path("x.onnx").exists()


def test_images_for_int8_are_required(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["export", "--weights", "random", "--precision", "int8", "-o"]
    assert reid_align([*command, str(tmp_path / "m.onnx")]) == 2
    assert "give at least 8 person images" in capsys.readouterr().err
    assert reid_align([*command, str(tmp_path / "m.pt2")]) == 2
    assert "int8 needs .onnx or .xml. Change -o or --precision." in capsys.readouterr().err
    assert reid_align([*command, str(tmp_path / "m.tflite")]) == 2
    assert "suffix must be one of .onnx, .xml, .pt2" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
