"""Bundled weights load offline, from the repository and from a wheel."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file as raw_load
from weights_samples import weights_of

from reid_align import list_models, list_weights, san_mobilenet_v2
from reid_align.cli.encoder_choice import select_encoder
from reid_align.errors import WeightsNotFoundError
from reid_align.heads import create_head
from reid_align.models import create_model
from reid_align.models.dense_uv_network import dense_uv
from reid_align.preprocess import Preprocess
from reid_align.weights import (
    Weights,
    WeightsHeader,
    check_fingerprint,
    format_manifest,
    save_int8,
    shipped_weights,
)
from reid_align.weights.checksums import verify_file
from reid_align.weights.fingerprint import Loadable
from reid_align.weights.weights_location import BUNDLED

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("load_without_network.py")
LARGEST, LARGEST_TOGETHER = 28 * 2**20, 60 * 2**20
NO_HUB = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": ""}


def run(command: Sequence[str | Path], site: Path, cwd: Path) -> str:
    """Run Python with the package in ``site`` and an unreachable Hub."""
    environment = os.environ | NO_HUB | {"PYTHONPATH": str(site), "HF_HOME": str(cwd / "hf")}
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def bundle(module: Loadable, folder: Path, **record: object) -> Weights:
    """Write a network into a package folder as its default weights; return their record."""
    about = WeightsHeader(
        module.architecture, dict(module.arch_args), getattr(module, "preprocess", None), None
    )
    path = folder / f"{about.architecture}.first.safetensors"
    written = save_int8(module, path, about)
    return weights_of(
        path.read_bytes(),
        name=path.stem,
        architecture=about.architecture,
        arch_args=about.arch_args,
        hub=None,
        bundled=path.name,
        dtype="int8",
        preprocess=about.preprocess,
        fingerprint=written.fingerprint,
        **record,
    )


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Weights]]:
    """A copy of the source tree that ships a network of each kind, and their records."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, copy)
    ignored = shutil.ignore_patterns("__pycache__", "bundled")
    shutil.copytree(ROOT / "reid_align", copy / "reid_align", ignore=ignored)
    folder = copy / "reid_align" / "weights" / "bundled"
    folder.mkdir()
    encoder = san_mobilenet_v2(head="fc512")
    encoder.preprocess = Preprocess(32, 16)
    decoder = create_head("san_decoder", height=32, width=32, channels=64, skips=False)
    records = [
        bundle(encoder, folder, feature_dim=512),
        bundle(dense_uv(), folder, kind="estimator", feature_dim=None),
        bundle(decoder, folder, kind="head", feature_dim=None),
    ]
    (copy / "weights_manifest.json").write_text(format_manifest(records))
    return copy, records


@pytest.fixture(scope="module")
def site(entries: tuple[Path, list[Weights]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder in which the wheel of that copy is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=entries[0], check=True, capture_output=True)
    ZipFile(next(folder.glob("*.whl"))).extractall(folder / "site")
    return folder / "site"


@pytest.mark.parametrize("installed", [False, True])
def test_encoders_estimators_and_heads_load_offline(
    entries: tuple[Path, list[Weights]], site: Path, tmp_path: Path, installed: bool
) -> None:
    copy, records = entries
    place = site if installed else copy
    said = json.loads(run([SCRIPT], place, tmp_path))
    assert Path(said["package"]).parent == place / "reid_align"
    assert set(said["loaded"]) == {"san_mobilenet_v2.first", "dense_uv.first", "san_decoder.first"}
    for entry in records:
        check_fingerprint(tuple(said["loaded"][entry.name]), entry.fingerprint, entry.name)


def test_extract_uses_the_default_weights_of_the_default_model(
    entries: tuple[Path, list[Weights]], site: Path, tmp_path: Path
) -> None:
    (tmp_path / "crops").mkdir()
    for index in range(2):
        noise = np.random.default_rng(index).integers(0, 256, (32, 16, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / "crops" / f"{index}.png")
    command = ["-m", "reid_align.extract", "crops", "-o", "feats.npy", "--device", "cpu"]
    run(command, site, tmp_path)
    assert np.load(tmp_path / "feats.npy").shape == (2, 512)
    said = json.loads((tmp_path / "feats.json").read_text())
    sha256 = entries[1][0].sha256
    assert said["weights"] == {"name": "san_mobilenet_v2.first", "tag": "first", "sha256": sha256}
    assert said["preprocess"]["height"] == 32


def test_shipped_files_match_the_manifest_and_the_size_limits() -> None:
    shipped = shipped_weights().values()
    bundled = {entry.bundled: entry for entry in shipped if entry.bundled is not None}
    assert len(bundled) == sum(entry.bundled is not None for entry in shipped)
    there = {path.name for path in BUNDLED.iterdir()} if BUNDLED.is_dir() else set()
    assert there == set(bundled), "a file that no entry names, or an entry without its file"
    for name, entry in bundled.items():
        verify_file(BUNDLED / name, entry.bytes, entry.sha256)
        assert name == f"{entry.name}.safetensors"
        assert entry.bytes <= LARGEST, name
        types = {str(tensor.dtype) for tensor in raw_load(BUNDLED / name).values()}
        assert ("torch.int8" in types) == (entry.dtype == "int8"), name
    assert sum(entry.bytes for entry in bundled.values()) <= LARGEST_TOGETHER


def test_shipped_weights_load_offline(tmp_path: Path) -> None:
    said = json.loads(run([SCRIPT], ROOT, tmp_path))
    assert Path(said["package"]).parent == ROOT / "reid_align"
    shipped = shipped_weights().values()
    assert set(said["loaded"]) == {entry.name for entry in shipped if entry.bundled is not None}


def test_a_model_without_published_weights_gives_advice() -> None:
    name = next(model for model in list_models() if not list_weights(model))
    for ask in (lambda: create_model(name, pretrained=True), lambda: select_encoder(name, None)):
        with pytest.raises(WeightsNotFoundError) as caught:
            ask()
        message = str(caught.value)
        assert message.startswith(f"{name} has no published weights in this version.")
        assert "weights=FILE" in message
        assert "pretrained=False" in message
