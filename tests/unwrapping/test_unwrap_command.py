"""Command line tests of ``python -m reid_align.unwrap``."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align.heads import create_head
from reid_align.images import decode_image
from reid_align.models.dense_uv_network import dense_uv
from reid_align.models.pretrained import load_encoder
from reid_align.unwrap import main as unwrap
from reid_align.unwrapping import UnwrapKind, default_unwrap_weights
from reid_align.uv import load_iuv

pytestmark = pytest.mark.slow


def files(folder: str | Path) -> set[str]:
    paths = (path for path in Path(folder).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in paths}


def normalized(encoder_preprocess: object, path: str) -> torch.Tensor:
    pixels = encoder_preprocess.resize(decode_image(path))
    return encoder_preprocess.normalize(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None])


EXPECTED = {f"{'day one/' if i % 2 else ''}{i:02}.png" for i in range(10)}
EXTRA_FILES = {"unwrap.json", "contact_sheet.jpg"}


def test_textures_have_the_names_of_the_images_and_equal_the_decoder_output(
    images: Path, run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["images", "-o", "out", "--weights", str(run_folder), "--batch-size", "3"]
    assert unwrap(arguments) == 0
    assert capsys.readouterr().err == "10 images unwrapped to out\n"
    assert files("out") == EXPECTED | EXTRA_FILES
    encoder = load_encoder(run_folder / "encoder.safetensors")
    decoder = create_head("san_decoder", weights=run_folder / "san_decoder.safetensors").eval()
    for name in ("00", "day one/03"):
        with torch.inference_mode():
            maps = encoder.forward_maps(normalized(encoder.preprocess, f"images/{name}.jpg"))
            texture = decoder(*maps).texture[0]
        expected = ((texture.clamp(-1, 1) + 1) * 127.5).permute(1, 2, 0).numpy()
        written = decode_image(f"out/{name}.png")
        assert written.shape == (32, 32, 3)
        assert np.abs(written - expected).max() < 1
        assert written.std() > 5


def test_dense_pose_maps_have_the_size_of_the_images_and_can_be_loaded(
    images: Path, run_folder: Path
) -> None:
    assert unwrap(["images", "-o", "out", "--to", "iuv", "--weights", str(run_folder)]) == 0
    assert files("out") == EXPECTED | EXTRA_FILES
    estimator = dense_uv(weights=run_folder / "dense_uv.safetensors")
    seen = set()
    for name, size in [("00", (96, 48)), ("day one/01", (96, 80))]:
        written = load_iuv(f"out/{name}.png")
        assert written.parts.shape == size
        small = estimator.predict(normalized(estimator.preprocess, f"images/{name}.jpg"))
        rows = (torch.arange(size[0]) + 0.5) * 32 // size[0]
        columns = (torch.arange(size[1]) + 0.5) * 16 // size[1]
        expected = small.planes[0][:, rows.long()][:, :, columns.long()]
        # Batch-norm folding may change a coordinate by one of its 255 levels.
        assert ((written.planes.int() - expected.int()).abs() <= 1).float().mean() > 0.99
        seen |= set(written.parts.unique().tolist())
    assert len(seen) > 3


def test_weights_files_in_any_order_replace_a_run_folder(images: Path, run_folder: Path) -> None:
    assert unwrap(["images/00.jpg", "-o", "a", "--weights", str(run_folder)]) == 0
    both = [str(run_folder / f"{name}.safetensors") for name in ("san_decoder", "encoder")]
    assert unwrap(["images/00.jpg", "-o", "b", "--weights", *both]) == 0
    assert files("a") == {"00.png"} | EXTRA_FILES
    assert Path("a/00.png").read_bytes() == Path("b/00.png").read_bytes()


def test_unreadable_images_are_reported_and_retried(
    images: Path, run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("images/02.jpg").write_bytes(b"no image")
    Path("images/day one/empty.png").touch()
    Path("images/notes.md").write_text("not an image")
    arguments = ["images", "-o", "out", "--weights", str(run_folder), "--batch-size", "2"]
    assert unwrap(arguments) == 3
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "9 images unwrapped to out"
    assert [line.split(":")[0] for line in lines[1:3]] == [
        "images/02.jpg",
        "images/day one/empty.png",
    ]
    assert lines[3:] == ["2 images could not be read."]
    failed = json.loads(Path("out/unwrap.json").read_text())["failed"]
    assert [entry["path"] for entry in failed] == ["images/02.jpg", "images/day one/empty.png"]
    assert files("out") == EXPECTED - {"02.png"} | EXTRA_FILES
    Image.new("RGB", (20, 40)).save("images/02.jpg")
    Path("images/day one/empty.png").unlink()
    assert unwrap(arguments) == 0
    assert capsys.readouterr().err == "1 image unwrapped to out (9 more already existed)\n"
    assert files("out") == EXPECTED | EXTRA_FILES


def test_names_that_are_not_utf8_are_kept(images: Path, run_folder: Path) -> None:
    name = os.fsdecode(b"gr\xfcn and\nred")
    os.link("images/00.jpg", f"images/{name}.jpg")
    os.link("images/00.jpg", "images/without suffix")
    Path(f"images/{name}-broken.jpg").write_bytes(b"no image")
    command = [sys.executable, "-m", "reid_align.unwrap", "images", "-o", "out"]
    done = subprocess.run(
        [*command, "--weights", str(run_folder)], capture_output=True, check=False
    )
    assert done.returncode == 3
    assert done.stderr.endswith(b"1 image could not be read.\n")
    assert files("out") == EXPECTED | EXTRA_FILES | {f"{name}.png", "without suffix.png"}
    failed = json.loads(Path("out/unwrap.json").read_text())["failed"]
    assert [entry["path"] for entry in failed] == [f"images/{name}-broken.jpg"]


def test_a_killed_run_leaves_whole_files_and_is_continued(images: Path, run_folder: Path) -> None:
    for index in range(200):
        os.link("images/00.jpg", f"images/more-{index:03}.jpg")
    arguments = ["images", "-o", "out", "--weights", str(run_folder), "--batch-size", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "reid_align.unwrap", *arguments], stderr=subprocess.DEVNULL
    )
    while len(list(Path("out").rglob("*.png"))) < 20:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*.png")}
    assert 20 <= len(before) < 210
    for path in before:
        Image.open(path).load()
    assert unwrap(arguments) == 0
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    assert {name for name in files("out") if name.endswith(".png")} == EXPECTED | {
        f"more-{index:03}.png" for index in range(200)
    }


def test_different_settings_are_not_mixed_in_one_folder(
    images: Path, run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = ["--weights", str(run_folder)]
    assert unwrap(["images/00.jpg", "-o", "out", *weights]) == 0
    assert unwrap(["images/00.jpg", "-o", "out", "--to", "iuv", *weights]) == 2
    assert "other weights or settings" in capsys.readouterr().err
    Path("out/unwrap.json").write_text("{}")
    assert unwrap(["images/00.jpg", "-o", "out", *weights]) == 1
    assert "damaged" in capsys.readouterr().err
    Path("full").mkdir()
    Path("full/mine.png").touch()
    assert unwrap(["images/00.jpg", "-o", "full", *weights]) == 2
    assert "full contains files" in capsys.readouterr().err
    assert files("full") == {"mine.png"}


def test_files_of_a_killed_run_are_deleted(images: Path, run_folder: Path) -> None:
    command = ["images/00.jpg", "-o", "out", "--weights", str(run_folder)]
    assert unwrap(command) == 0
    ended = subprocess.Popen(["true"])
    ended.wait()
    stale, other = Path(f"out/01.png.{ended.pid}.partial"), Path("out/film.partial")
    running = Path(f"out/02.png.{os.getpid()}.partial")
    for path in (stale, other, running):
        path.touch()
    assert unwrap(command) == 0
    assert [path.exists() for path in (stale, other, running)] == [False, True, True]


def test_images_that_differ_in_their_suffix_alone_are_refused_before_any_work(
    images: Path, run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (20, 40)).save("images/00.png")
    assert unwrap(["images", "-o", "out", "--weights", str(run_folder)]) == 2
    message = capsys.readouterr().err
    assert "images/00.jpg and images/00.png" in message
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["images", "-o", "images/out"], 2, "is inside the image folder images"),
        (["images", "-o", "images"], 2, "is inside the image folder images"),
        (["nothing", "-o", "out"], 1, "nothing"),
        (["images", "-o", "images/00.jpg/out"], 2, "is inside"),
        (["images", "-o", "file"], 1, "Cannot write file"),
        (["images", "-o", "out", "--device", "gpu"], 2, "evice 'gpu'"),
        (["images", "-o", "out", "--batch-size", "0"], 2, "batch_size is 0"),
        (["images", "-o", "out", "--num-workers", "0"], 2, "workers is 0"),
        (["images", "-o", "out", "--weights", "gone"], 1, "gone"),
    ],
)
def test_errors_are_one_line_with_an_exit_code(
    images: Path,
    run_folder: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    Path("file").touch()
    if "--weights" not in arguments:
        arguments = [*arguments, "--weights", str(run_folder)]
    assert unwrap(arguments) == code
    error = capsys.readouterr().err
    assert error.startswith("python -m reid_align.unwrap: error: ")
    assert message in error
    assert error.count("\n") == 1
    assert not Path("out").exists()


@pytest.mark.parametrize("kind", ["texture", "iuv"])
def test_weights_of_the_package_are_the_default(
    images: Path, kind: UnwrapKind, capsys: pytest.CaptureFixture[str]
) -> None:
    names = default_unwrap_weights(kind)
    code = unwrap(["images", "-o", "out", "--to", kind, "--device", "cpu"])
    if not names:
        assert code == 1
        assert "in the package. Pass a run folder with" in capsys.readouterr().err
        return
    assert code == 0
    assert len(list(Path("out").rglob("*.png"))) == 10
    assert unwrap(["images", "-o", "named", "--to", kind, "--weights", *names]) == 0
    first, second = (sorted(Path(folder).rglob("*.png")) for folder in ("out", "named"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
