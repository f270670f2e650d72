"""Backends with old CPUs, overlapping threads and unusual encoders."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from lively_encoders import TinyEncoder, enliven, tiny_encoder
from torch import Tensor, nn

from reid_align import extract_features
from reid_align.inference.backends.packed_convolutions import can_pack_convolutions
from reid_align.inference.parallelism import torch_threads
from reid_align.inference.prepared_encoder import PreparedEncoder
from reid_align.models.encoder import Encoder

pytestmark = pytest.mark.slow

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 64, 32, 3), dtype=np.uint8)
ON_AN_OLD_CPU = """
import numpy as np, torch
from lively_encoders import lively
from reid_align import extract_features
from reid_align.inference.backends.packed_convolutions import can_pack_convolutions
assert not can_pack_convolutions(torch.bfloat16)
images = list(np.zeros((2, 64, 32, 3), np.uint8))
options = {"channel_order": "rgb", "device": "cpu", "dtype": "bfloat16"}
extract_features(images, lively("san_resnet18"), **options)
"""


def features(encoder: Encoder, backend: str) -> np.ndarray:
    options = {"flip": False, "normalize": False, "backend": backend, "batch_size": 6}
    prepared = PreparedEncoder(encoder, device=torch.device("cpu"), dtype="float32", **options)
    return prepared(IMAGES)


def test_bfloat16_works_on_cpus_without_bfloat16() -> None:
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", ON_AN_OLD_CPU]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert can_pack_convolutions(torch.float32)


class SlowEncoder(TinyEncoder):
    """Waits for permission to finish."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.may_end = threading.Event(), threading.Event()

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        self.started.set()
        self.may_end.wait(30)
        return super().forward_maps(images)

    def __deepcopy__(self, memo: dict[int, object]) -> "SlowEncoder":
        copied = SlowEncoder().eval()
        copied.load_state_dict(self.state_dict())
        copied.preprocess = self.preprocess
        copied.started, copied.may_end = self.started, self.may_end
        return copied


def test_overlapping_extractions_restore_the_number_of_threads() -> None:
    slow = enliven(SlowEncoder().eval())
    images = list(IMAGES)

    def run() -> None:
        extract_features(images, slow, channel_order="rgb", device="cpu", num_workers=2)

    with torch_threads(2):
        first, second = threading.Thread(target=run), threading.Thread(target=run)
        first.start()
        assert slow.started.wait(30)
        second.start()
        slow.may_end.set()
        first.join()
        second.join()
        counts: list[int] = []
        later = threading.Thread(target=lambda: counts.append(torch.get_num_threads()))
        later.start()
        later.join()
        assert [torch.get_num_threads(), *counts] == [2, 2]


class SamePadding(TinyEncoder):
    """A convolution with padding given as a string."""

    def __init__(self) -> None:
        super().__init__()
        self.conv2 = nn.Conv2d(8, 16, 3, 1, "same", bias=False)


class PreActivation(TinyEncoder):
    """A norm before the convolution of the same number."""

    def __init__(self) -> None:
        super().__init__()
        del self.conv2, self.bn2
        self.bn2 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, 2, 1, bias=False)

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        first = self.bn1(self.conv1(images)).relu()
        return first, first, first, self.conv2(self.bn2(first).relu())


@pytest.mark.parametrize("kind", [SamePadding, PreActivation])
def test_custom_encoders_keep_their_features(kind: type[TinyEncoder]) -> None:
    torch.manual_seed(0)
    encoder = enliven(kind().eval())
    np.testing.assert_allclose(features(encoder, "torch"), features(encoder, "plain"), atol=1e-5)


def test_an_encoder_in_half_precision_can_be_exported() -> None:
    encoder = tiny_encoder().bfloat16()
    exact = features(encoder.float(), "plain")
    found = features(encoder.bfloat16(), "onnx")
    np.testing.assert_allclose(found, exact, atol=0.05 * np.abs(exact).max())


class Doubled(nn.Module):
    """Has no tensors."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


class Exchangeable(TinyEncoder):
    """Its last step has no tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Identity()

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        return self.last(self.forward_pool(maps))


def test_an_export_is_not_reused_for_another_network_with_the_same_tensors() -> None:
    torch.manual_seed(0)
    encoder = enliven(Exchangeable().eval())
    before = features(encoder, "onnx")
    encoder.last = Doubled()
    np.testing.assert_allclose(features(encoder, "onnx"), 2 * before, rtol=1e-4)
