"""Pool of worker processes that ignore Ctrl-C and end with their parent."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from threading import Thread

import cv2


@contextmanager
def worker_pool(count: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool of processes.

    They end at once, whatever they do, when this process is killed, or when the block is left by
    Ctrl-C; any other error lets them finish what they have begun.

    Args:
        count: how many processes.
    """
    # Spawned processes share no locks with threads that the caller may have started.
    context = multiprocessing.get_context("spawn")
    leash, held = context.Pipe(duplex=False)
    with leash, held, ProcessPoolExecutor(count, context, _start_worker, (leash,)) as pool:
        try:
            yield pool
        except (KeyboardInterrupt, GeneratorExit):
            held.close()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Hold back Ctrl-C, and keep it for good from processes that are started meanwhile."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(leash: Connection) -> None:
    cv2.setNumThreads(1)
    Thread(target=_exit_with, args=(leash,), daemon=True).start()


def _exit_with(leash: Connection) -> None:
    # Nothing is ever sent: this waits until the other end is closed, if only by the system.
    with suppress(EOFError):
        leash.recv()
    os._exit(1)
