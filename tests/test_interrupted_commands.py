"""Every command without a terminal: progress lines, and one line at SIGTERM."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from small_synthetic_set import coded, make_set

import reid_align
from reid_align import create_model, san_resnet50, save_pretrained
from reid_align.__main__ import VERBS
from reid_align.heads import decoder_for
from reid_align.preprocess import Preprocess
from reid_align.progress import INTERVAL_VARIABLE
from reid_align.weights import WeightsHeader, module_fingerprint, save_tensors

COUNT = 2000
PATTERN = "pattern=(?P<person_id>[^_]+)_(?P<camera_id>[^_]+)_"
# What a command that computes features says about them.
LOST = "the features are not kept; to keep them, write them with extract.*"
RERUN = "output files are complete or missing; rerun the command"


@dataclass(frozen=True)
class Case:
    """Arguments, the first progress line, and the message after "interrupted; ", as patterns."""

    arguments: str
    line: str
    message: str


IMAGES = r"[\d,]+/2,000 images, .*"
SLOW = "--weights weights --device cpu --batch-size 1 --num-workers 1"
CASES = {
    "extract": Case(
        f"crops -o f.npy {SLOW}",
        IMAGES,
        r"[\d,]+ of 2,000 images are in f.npy.partial; rerun with --resume to continue",
    ),
    "search": Case(
        f"crops/0_c0_0.jpg --gallery crops -o h.csv {SLOW}",
        f"gallery: {IMAGES}",
        f"{LOST}; {RERUN}",
    ),
    "gallery": Case(
        f"add stored crops {SLOW}",
        IMAGES,
        r"[\d,]+ of 2,000 new images are in \S+/stored; repeat the command to continue",
    ),
    "evaluate": Case(
        f"folder crops --data-option {PATTERN} {SLOW}",
        r"[\d,]+/[\d,]+ images, .*",
        f"{LOST}; {RERUN}",
    ),
    "calibrate": Case(
        f"folder crops --data-option {PATTERN} -o c.json {SLOW}",
        r"[\d,]+/[\d,]+ images, .*",
        f"{LOST}; {RERUN}",
    ),
    "cluster": Case(f"crops -o ids.csv --threshold 0.4 {SLOW}", IMAGES, f"{LOST}; {RERUN}"),
    "explain": Case(
        "crops/0_c0_0.jpg -o e.jpg --method occlusion --device cpu",
        r"explaining: \d\d:\d\d so far",
        RERUN,
    ),
    "show": Case("map crops -o m.png --weights weights --device cpu", f"gallery: {IMAGES}", RERUN),
    "unwrap": Case(
        "crops -o textures --weights run --device cpu --batch-size 1",
        IMAGES,
        r"[\d,]+ of 2,000 images are unwrapped in textures; repeat the command to resume",
    ),
    "train": Case(
        "baseline_modern --tiny --data synthetic=set -o training --device cpu --num-workers 0 "
        "--set training.epochs=500",
        r"\d+(/[\d,]+)? steps, .*",
        r"step \d+ is saved in \S+\.safetensors; the same command continues the run",
    ),
    "selftrain": Case(
        "crops -o adapted --weights weights --device cpu",
        IMAGES,
        r"[\d,]+ of 2,000 images are in adapted/round1/features.npy.partial; .*",
    ),
    "synthesize": Case(
        "-o people --identities 240 --images 2 --num-workers 1",
        r"0/480 images, .*",
        r"\d+ of 20 shards are complete in people; rerun the command to continue",
    ),
    "export": Case("--weights weights -o model.onnx", r"exporting: \d\d:\d\d so far", RERUN),
    "convert": Case(
        "hf-hub:org/name/model.pth -o converted",
        r"downloading org/name/model.pth: \d\d:\d\d so far",
        RERUN,
    ),
    "publish": Case(
        "push weights --repo org/name --yes",
        r"pushing: \d\d:\d\d so far",
        "no partial files were written; a commit on the Hub stays and can be pinned",
    ),
}
# They take seconds, or run until SIGTERM; tests of the service and of the page send it.
OTHER_VERBS = {"join", "verify", "serve", "demo"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Working folder: 2,000 images, small weights, a run, and a synthetic set."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "crops").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (40, 20, 3), np.uint8)
    content = coded(pixels, "JPEG")
    for number in range(COUNT):
        name = f"{number % 50}_c{number % 4}_{number}.jpg"
        (folder / "crops" / name).write_bytes(content)
    encoder = san_resnet50()
    encoder.preprocess = Preprocess(32, 16)
    save_pretrained(encoder, folder / "weights")
    (folder / "weights" / "README.md").write_text('from_pretrained("org/name")\n')
    torch.manual_seed(0)
    small = create_model("san_resnet18")
    decoder = decoder_for(small, height=32, width=32)
    (folder / "run").mkdir()
    for module, name in ((small, "encoder"), (decoder, "san_decoder")):
        header = WeightsHeader(
            module.architecture,
            module.arch_args,
            Preprocess(32, 16) if module is small else None,
            module_fingerprint(module),
        )
        save_tensors(module, folder / "run" / f"{name}.safetensors", header)
    make_set(folder / "set")
    return folder


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def start(arguments: list[str], folder: Path, hub: str) -> "subprocess.Popen[str]":
    settings = {INTERVAL_VARIABLE: "0.05", "HF_ENDPOINT": hub, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "reid_align", *arguments],
        cwd=folder,
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_every_verb_is_covered() -> None:
    assert set(CASES) | OTHER_VERBS == set(VERBS)


def test_only_one_module_uses_tqdm() -> None:
    package = Path(reid_align.__file__).parent
    users = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"^\s*(from|import) tqdm", path.read_text(encoding="utf-8"), re.M)
    }
    assert users == {"progress.py"}


@pytest.mark.slow
@pytest.mark.parametrize("verb", CASES)
def test_progress_lines_and_the_message_at_sigterm(
    verb: str, place: Path, silent_server: str
) -> None:
    case = CASES[verb]
    with start([verb, *case.arguments.split()], place, silent_server) as process:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line.rstrip("\n"))
            if re.fullmatch(case.line, lines[-1]):
                break
        process.send_signal(signal.SIGTERM)
        lines += process.communicate(timeout=60)[1].splitlines()
    assert process.returncode == 130, lines
    expected = f"python -m reid_align.{verb}: interrupted; {case.message}"
    assert re.fullmatch(expected, lines[-1]), lines
    assert not [line for line in lines if "Traceback" in line]
    # No redrawn bar.
    assert not [line for line in lines if "\r" in line]


@pytest.mark.slow
def test_a_download_shows_that_it_runs(place: Path, silent_server: str) -> None:
    arguments = ["extract", "crops", "-o", "d.npy", "--model", "org/name"]
    with start(arguments, place, silent_server) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("downloading org/name/"):
                break
        else:
            pytest.fail("no line about the download")
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert rest.splitlines()[-1].startswith("python -m reid_align.extract: interrupted; ")
