import threading
import time

import numpy as np
import pytest

from reid_align.service.request_batcher import QueueFullError, RequestBatcher


def image(value: int) -> np.ndarray:
    return np.full((2, 2, 3), value, np.uint8)


def mean_color(images: list[np.ndarray]) -> np.ndarray:
    return np.array([[pixels.mean(), 1.0] for pixels in images], np.float32)


class SlowEncoder:
    """Mean color of each image; waits in every call until `release` is set."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.started, self.release = threading.Event(), threading.Event()

    def __call__(self, images: list[np.ndarray]) -> np.ndarray:
        self.sizes.append(len(images))
        self.started.set()
        assert self.release.wait(10)
        return mean_color(images)


def test_images_of_concurrent_requests_share_batches() -> None:
    encode = SlowEncoder()
    batcher = RequestBatcher(encode, batch_size=4, num_threads=1, max_images=100)
    first = batcher.submit([image(0)])
    assert encode.started.wait(10)
    later = [batcher.submit([image(n), image(n + 100)]) for n in range(1, 4)]
    encode.release.set()
    assert first.result(10).tolist() == [[0, 1]]
    assert [found.result(10)[:, 0].tolist() for found in later] == [[1, 101], [2, 102], [3, 103]]
    batcher.close()
    assert encode.sizes == [1, 4, 2]


def test_a_request_larger_than_a_batch_keeps_its_order() -> None:
    batcher = RequestBatcher(mean_color, batch_size=3, num_threads=2, max_images=100)
    found = batcher.submit([image(n) for n in range(20)]).result(10)
    batcher.close()
    assert found[:, 0].tolist() == list(range(20))


def test_an_error_fails_only_its_request() -> None:
    release, calls = threading.Event(), []

    def encode(images: list[np.ndarray]) -> np.ndarray:
        calls.append(len(images))
        assert release.wait(10)
        if any(pixels.max() == 66 for pixels in images):
            raise ArithmeticError("NaN")
        return mean_color(images)

    batcher = RequestBatcher(encode, batch_size=8, num_threads=1, max_images=100)
    futures = [batcher.submit([image(n)]) for n in (5, 66, 7)]
    release.set()
    assert futures[0].result(10)[0, 0] == 5
    with pytest.raises(ArithmeticError, match="NaN"):
        futures[1].result(10)
    assert futures[2].result(10)[0, 0] == 7
    batcher.close()


def test_a_full_queue_refuses_and_frees_places_afterwards() -> None:
    batcher = RequestBatcher(mean_color, batch_size=2, num_threads=1, max_images=4)
    with batcher.reserve(3):
        assert batcher.in_progress == 3
        with pytest.raises(QueueFullError, match="3 of at most 4 images"), batcher.reserve(2):
            pass
        with batcher.reserve(1):
            assert batcher.in_progress == 4
    with batcher.reserve(4):
        pass
    assert batcher.in_progress == 0
    batcher.close()


def test_closing_finishes_queued_requests_and_refuses_new_ones() -> None:
    encode = SlowEncoder()
    batcher = RequestBatcher(encode, batch_size=1, num_threads=1, max_images=9)
    futures = [batcher.submit([image(n)]) for n in range(3)]
    closing = threading.Thread(target=batcher.close)
    closing.start()
    while batcher.is_running:
        time.sleep(0.001)
    with pytest.raises(QueueFullError, match="stopping"):
        batcher.submit([image(0)])
    encode.release.set()
    closing.join(10)
    assert [future.result(0)[0, 0] for future in futures] == [0, 1, 2]


def test_many_threads_get_their_own_rows() -> None:
    batcher = RequestBatcher(mean_color, batch_size=8, num_threads=2, max_images=1000)
    answers: dict[int, float] = {}

    def ask(value: int) -> None:
        answers[value] = float(batcher.submit([image(value)]).result(10)[0, 0])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    batcher.close()
    assert answers == {n: n for n in range(100)}
