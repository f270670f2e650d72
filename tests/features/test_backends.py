"""Every backend gives the features of the unmodified encoder."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from lively_encoders import TinyEncoder, enliven, lively, tiny_encoder
from PIL import Image
from torch import Tensor

from reid_align import extract_features, list_models
from reid_align.errors import (
    BackendError,
    InvalidInputError,
    MissingExtraError,
    UnknownNameError,
)
from reid_align.evaluate import build_parser as evaluate_parser
from reid_align.extract import build_parser as extract_parser
from reid_align.extract import main as extract
from reid_align.inference.backends import BACKENDS, BackendTarget
from reid_align.inference.backends.backend import check_target
from reid_align.inference.backends.backend_cache import build_backend
from reid_align.inference.prepared_encoder import PreparedEncoder
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 64, 32, 3), dtype=np.uint8)
RUNTIMES = ("onnx", "openvino")
AT_ONCE = """
import threading
import torch
from reid_align import create_model
from reid_align.inference.backends import BackendTarget
from reid_align.inference.backends.backend_cache import build_backend

target = BackendTarget(torch.device("cpu"), parallel_calls=2)
run = build_backend("openvino", create_model("san_resnet18"), target)
together, done = threading.Barrier(2), []

def first():
    together.wait()
    done.append(run(torch.zeros(1, 3, 256, 128)))

threads = [threading.Thread(target=first) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(done) == 2
"""


def features(encoder: Encoder, backend: str, dtype: str = "float32", count: int = 5) -> np.ndarray:
    prepared = PreparedEncoder(
        encoder,
        device=CPU,
        dtype=dtype,
        flip=False,
        normalize=False,
        backend=backend,
        batch_size=len(IMAGES),
    )
    return prepared(IMAGES[:count])


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def test_commands_offer_all_backends() -> None:
    for parser in (extract_parser(), evaluate_parser()):
        [option] = [action for action in parser._actions if action.dest == "backend"]
        assert sorted(option.choices or ()) == list(BACKENDS)


def test_plain_equals_the_encoder() -> None:
    encoder = lively("san_resnet18")
    images = encoder.preprocess.normalize(torch.from_numpy(IMAGES).permute(0, 3, 1, 2))
    with torch.inference_mode():
        expected = encoder(images.contiguous()).numpy()
    assert np.array_equal(features(encoder, "plain"), expected)


@pytest.mark.parametrize("name", list_models())
def test_torch_equals_plain_for_other_architectures(name: str) -> None:
    norm = {"norm": "ibn_a"} if "resnet" in name or name == "dsa_reid" else {}
    encoder = lively(name, pool="gem", head="bnneck", **norm)
    assert difference(features(encoder, "torch"), features(encoder, "plain")) < 1e-5


@pytest.mark.parametrize("backend", RUNTIMES)
def test_exported_encoders_equal_plain_at_any_batch_size(backend: str) -> None:
    # Parts that an export must handle and not every network has.
    arguments = {"norm": "ibn_a", "pool": "gem", "head": "bnneck", "norm_parts": True}
    encoder = lively("dsa_resnet18", **arguments)
    for count in (5, 1, 3):
        expected = features(encoder, "plain", count=count)
        assert difference(features(encoder, backend, count=count), expected) < 1e-5


def test_compile_equals_plain_and_pads_batches() -> None:
    encoder = tiny_encoder()
    for count in (5, 2):
        found, expected = (features(encoder, name, count=count) for name in ("compile", "plain"))
        assert found.shape == (count, encoder.feature_dim)
        assert difference(found, expected) < 1e-5


@pytest.mark.parametrize("backend", ["torch", "plain", "openvino"])
def test_bfloat16_is_close(backend: str) -> None:
    encoder = tiny_encoder()
    found, expected = features(encoder, backend, "bfloat16"), features(encoder, "plain")
    assert found.dtype == np.float32
    assert difference(found, expected) < 2e-2


@pytest.mark.parametrize("size", [(256, 128), (32, 16), (16, 8)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_image_sizes_down_to_one_pixel_of_the_last_maps(size: tuple[int, int], dtype: str) -> None:
    encoder = lively("san_resnet18")
    encoder.preprocess = Preprocess(*size)
    images = np.random.default_rng(1).integers(0, 256, (2, *size, 3), dtype=np.uint8)
    found, expected = (
        PreparedEncoder(
            encoder, device=CPU, dtype=form, flip=False, normalize=False, backend=backend
        )(images)
        for backend, form in (("torch", dtype), ("plain", "float32"))
    )
    assert difference(found, expected) < (1e-5 if dtype == "float32" else 3e-2)


def test_two_threads_can_start_openvino_at_once() -> None:
    pytest.importorskip("openvino")
    # In a separate process: the deadlock happens once per process and holds the GIL.
    done = subprocess.run([sys.executable, "-c", AT_ONCE], timeout=300, check=False)
    assert done.returncode == 0


def test_an_exported_encoder_is_cached_until_its_weights_change() -> None:
    encoder, target = tiny_encoder(), BackendTarget(CPU, batch_size=2)
    first = build_backend("onnx", encoder, target)
    assert build_backend("onnx", encoder, target) is first
    assert build_backend("onnx", tiny_encoder(), target) is first
    before = features(encoder, "onnx")
    encoder.conv1.weight.data.mul_(2)  # unseen by autograd's counters
    assert build_backend("onnx", encoder, target) is not first
    assert difference(features(encoder, "onnx"), before) > 0.1


def test_the_cache_is_limited() -> None:
    encoder = tiny_encoder()
    first = build_backend("onnx", encoder, BackendTarget(CPU, batch_size=100))
    for size in range(101, 107):
        build_backend("onnx", encoder, BackendTarget(CPU, batch_size=size))
    assert build_backend("onnx", encoder, BackendTarget(CPU, batch_size=100)) is not first


@pytest.mark.parametrize("backend", RUNTIMES)
def test_the_encoder_is_not_modified(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    encoder = tiny_encoder()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    extract_features(list(IMAGES), encoder, channel_order="rgb", device="cpu", backend=backend)
    assert not list(tmp_path.iterdir())
    after = encoder.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_the_command_runs_and_records_the_backend(
    weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(IMAGES[0]).save("a.png")
    common = ["a.png", "--weights", weights, "--device", "cpu"]
    for backend in ("torch", "plain"):
        assert extract([*common, "-o", f"{backend}.npy", "--backend", backend]) == 0
        assert json.loads(Path(f"{backend}.json").read_text())["backend"] == backend
    assert difference(np.load("torch.npy"), np.load("plain.npy")) < 1e-5


@pytest.mark.parametrize(
    ("backend", "device", "dtype", "message"),
    [
        ("onnx", "cpu", torch.bfloat16, "does not support torch.bfloat16; it supports float32"),
        ("onnx", "cuda", torch.float32, "runs only on the CPU; the device is cuda"),
        ("openvino", "mps", torch.bfloat16, "runs only on the CPU; the device is mps"),
    ],
)
def test_unsupported_devices_and_dtypes_are_refused(
    backend: str, device: str, dtype: torch.dtype, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        BACKENDS[backend](tiny_encoder(), BackendTarget(torch.device(device), dtype))
    with pytest.raises(InvalidInputError, match=r"it supports float32, bfloat16\."):
        check_target(backend, BackendTarget(CPU, torch.float16), (torch.float32, torch.bfloat16))


@pytest.mark.parametrize(
    ("backend", "package"),
    [("onnx", "onnxruntime"), ("onnx", "onnxscript"), ("openvino", "openvino")],
)
def test_a_missing_runtime_is_named(
    backend: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"needs the package '{package}'.*\[{backend}\]"):
        BACKENDS[backend](tiny_encoder(), BackendTarget(CPU))


class BranchingEncoder(TinyEncoder):
    """Branches on the values of the images, which a graph cannot represent."""

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        pooled = self.forward_pool(maps)
        return pooled if float(pooled.sum()) > 0 else -pooled


def test_an_encoder_that_cannot_be_exported_names_an_alternative() -> None:
    encoder = enliven(BranchingEncoder().eval())
    with pytest.raises(BackendError, match=r"'onnx' cannot be built on this .*Backend 'torch' has"):
        features(encoder, "onnx")


def test_unknown_backends_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="Known: compile, onnx, openvino, plain, torch"):
        extract_features([], tiny_encoder(), backend="tensorrt")
