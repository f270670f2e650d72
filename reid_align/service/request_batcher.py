"""Batches of images from concurrent requests."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Condition, Thread

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import ReidAlignError

Pixels = NDArray[np.uint8]
Vectors = NDArray[np.float32]


class QueueFullError(ReidAlignError, RuntimeError):
    """The service has as many images in progress as it accepts."""


class _Request:
    """Images of one request, and the rows computed so far."""

    def __init__(self, images: Sequence[Pixels]) -> None:
        self.images = images
        self.rows: list[Vectors | None] = [None] * len(images)
        self.missing = len(images)
        self.future: Future[Vectors] = Future()


_Item = tuple[_Request, int]


class RequestBatcher:
    """Groups the images of concurrent requests into batches and encodes them, first come first.

    Args:
        encode: returns the features (n, D) of n images; called by several threads.
        batch_size: largest number of images per call.
        num_threads: number of calls in parallel.
        max_images: images in progress, counted from `reserve`.
        wait_seconds: how long an incomplete batch waits for further images.
        observe: called with the size of each batch.
    """

    def __init__(
        self,
        encode: Callable[[list[Pixels]], Vectors],
        *,
        batch_size: int,
        num_threads: int,
        max_images: int,
        wait_seconds: float = 0.002,
        observe: Callable[[int], None] | None = None,
    ) -> None:
        self._encode, self._observe = encode, observe
        self._batch_size, self._wait_seconds = batch_size, wait_seconds
        self.max_images = max_images
        self._waiting: deque[_Item] = deque()
        self._reserved = 0
        self._closed = False
        self._changed = Condition()
        self._threads = [Thread(target=self._run, name=f"encode-{n}") for n in range(num_threads)]
        for thread in self._threads:
            thread.start()

    @property
    def in_progress(self) -> int:
        """Number of images that are reserved."""
        return self._reserved

    @contextmanager
    def reserve(self, count: int) -> Iterator[None]:
        """Reserve places for the images of a request, before they are decoded.

        Raises:
            QueueFullError: there are not enough places, or the batcher is closed.
        """
        with self._changed:
            if self._closed:
                raise QueueFullError("The service is stopping. Send the request again later.")
            if self._reserved + count > self.max_images:
                raise QueueFullError(
                    f"{self._reserved} of at most {self.max_images} images are in progress. Send "
                    "the request again later."
                )
            self._reserved += count
        try:
            yield
        finally:
            with self._changed:
                self._reserved -= count

    def submit(self, images: Sequence[Pixels]) -> "Future[Vectors]":
        """Queue the images of a request; the result is (n, D), in their order."""
        request = _Request(images)
        with self._changed:
            if self._closed:
                raise QueueFullError("The service is stopping. Send the request again later.")
            self._waiting.extend((request, index) for index in range(len(images)))
            self._changed.notify_all()
        return request.future

    def close(self) -> None:
        """Encode what is queued, then stop. Later requests are refused."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    @property
    def is_running(self) -> bool:
        """Whether all threads run and requests are accepted."""
        return not self._closed and all(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while batch := self._next():
            if self._observe is not None:
                self._observe(len(batch))
            self._compute(batch)

    def _next(self) -> list[_Item]:
        """Wait for a batch; [] after the last one."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            deadline = time.monotonic() + self._wait_seconds
            while 0 < len(self._waiting) < self._batch_size and not self._closed:
                rest = deadline - time.monotonic()
                if rest <= 0 or not self._changed.wait(rest):
                    break
            # Another thread may have taken the images while this one was waiting.
            count = min(self._batch_size, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(count)]
        if batch or self._closed:
            return batch
        return self._next()

    def _compute(self, batch: list[_Item]) -> None:
        batch = [(request, index) for request, index in batch if not request.future.done()]
        if not batch:
            return
        try:
            rows = self._encode([request.images[index] for request, index in batch])
        except Exception as error:
            self._isolate(batch, error)
            return
        for (request, index), row in zip(batch, rows, strict=True):
            self._finish(request, index, row)

    def _isolate(self, batch: list[_Item], error: Exception) -> None:
        """Fail only the request that caused an error: encode each request on its own."""
        requests = list(dict.fromkeys(request for request, _ in batch))
        if len(requests) > 1:
            for request in requests:
                self._compute([item for item in batch if item[0] is request])
        elif not requests[0].future.done():
            requests[0].future.set_exception(error)

    def _finish(self, request: _Request, index: int, row: Vectors) -> None:
        with self._changed:
            request.rows[index] = row
            request.missing -= 1
            if request.missing or request.future.done():
                return
        request.future.set_result(np.stack([row for row in request.rows if row is not None]))
