"""Pool of worker processes that ignore Ctrl-C and exit with their parent."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from threading import Thread

import cv2

_THREAD_VARIABLES = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"


@contextmanager
def worker_pool(count: int) -> Iterator[ProcessPoolExecutor]:
    """Provide a pool of ``count`` processes.

    The processes exit at once if the parent is killed or interrupted. After any other error they
    complete their current task.
    """
    # Also the null devices that the command opens for closed streams. Otherwise files that a worker
    # opens become its standard streams.
    for descriptor in range(3):
        with suppress(OSError):
            os.set_inheritable(descriptor, True)
    # Spawned processes share no locks with threads of the caller.
    context = multiprocessing.get_context("spawn")
    # The pipe never carries data. Workers exit when the parent's end is closed.
    worker_end, parent_end = context.Pipe(duplex=False)
    with (
        _one_thread_per_worker(),
        worker_end,
        parent_end,
        ProcessPoolExecutor(count, context, _start_worker, (worker_end,)) as pool,
    ):
        try:
            yield pool
        except (KeyboardInterrupt, GeneratorExit):
            parent_end.close()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _one_thread_per_worker() -> Iterator[None]:
    """Limit the math libraries of processes started inside the block to one thread.

    There is a worker per core. On a busy machine, threads that wait for each other in busy loops
    slow the workers down many times.
    """
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Delay Ctrl-C; processes started inside the block never receive it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(worker_end: Connection) -> None:
    cv2.setNumThreads(1)
    Thread(target=_exit_with_parent, args=(worker_end,), daemon=True).start()


def _exit_with_parent(worker_end: Connection) -> None:
    with suppress(EOFError):
        worker_end.recv()
    os._exit(1)
