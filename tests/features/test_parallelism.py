"""Distribution of cores over batches; it must not change the features."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from lively_encoders import TinyEncoder, enliven, lively, tiny_encoder
from torch import Tensor

from reid_align import extract_features
from reid_align.inference.device import default_workers
from reid_align.inference.parallelism import Parallelism, torch_threads
from reid_align.inference.prepared_encoder import PreparedEncoder

CPU = torch.device("cpu")
IMAGES = np.random.default_rng(0).integers(0, 256, (30, 64, 32, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("device", "cores", "workers", "expected"),
    [
        ("cpu", 4, 4, Parallelism(4, 1)),
        ("cpu", 4, 16, Parallelism(4, 1)),
        ("cpu", 4, 2, Parallelism(2, 2)),
        ("cpu", 4, 3, Parallelism(3, 1)),
        ("cpu", 4, 0, Parallelism(1, 4)),
        ("cpu", 1, 8, Parallelism(1, 1)),
        ("cuda", 4, 8, Parallelism(1, 4)),
    ],
)
def test_cores_are_distributed(
    device: str, cores: int, workers: int, expected: Parallelism
) -> None:
    with torch_threads(cores):
        assert Parallelism.share(torch.device(device), workers) == expected


def test_every_core_of_a_large_machine_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(24)), raising=False)
    assert (default_workers("cpu"), default_workers("cuda")) == (24, 16)
    with torch_threads(24):
        assert Parallelism.share(CPU, default_workers("cpu")) == Parallelism(24, 1)


def test_the_bits_do_not_depend_on_the_number_of_cores() -> None:
    encoder = lively("san_resnet18")
    found = []
    for cores in (1, 2, 3):
        with torch_threads(cores):
            features = extract_features(
                list(IMAGES),
                encoder,
                channel_order="rgb",
                device="cpu",
                batch_size=4,
                num_workers=3,
            )
            found.append(features.values)
            # Unchanged in this thread and in new threads.
            assert torch.get_num_threads() == cores
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(torch.get_num_threads).result() == cores
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


class CountingEncoder(TinyEncoder):
    """Counts concurrent calls."""

    lock = threading.Lock()
    inside = most = 0

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        with self.lock:
            CountingEncoder.inside += 1
            CountingEncoder.most = max(self.most, self.inside)
        time.sleep(0.02)
        with self.lock:
            CountingEncoder.inside -= 1
        return super().forward_head(maps)

    def __deepcopy__(self, memo: dict[int, object]) -> "CountingEncoder":
        copy = CountingEncoder()
        copy.load_state_dict(self.state_dict())
        copy.preprocess = self.preprocess
        return copy


def test_parallel_batches_are_limited() -> None:
    encoder = enliven(CountingEncoder().eval())
    prepared = PreparedEncoder(
        encoder,
        device=CPU,
        dtype="float32",
        flip=False,
        normalize=False,
        parallelism=Parallelism(2, 1),
    )
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: prepared(IMAGES[:2]), range(12)))
    assert CountingEncoder.most == 2
    assert all(np.array_equal(values, found[0]) for values in found)


@pytest.mark.parametrize("num_workers", [0, 1, 3])
def test_batches_come_in_order(num_workers: int) -> None:
    encoder = tiny_encoder()
    options = {"channel_order": "rgb", "device": "cpu", "batch_size": 4}
    expected = extract_features(list(IMAGES), encoder, num_workers=0, **options).values
    found = extract_features(list(IMAGES), encoder, num_workers=num_workers, **options)
    np.testing.assert_allclose(found.values, expected, atol=1e-6)
    assert found.paths == tuple(f"input[{index}]" for index in range(30))
