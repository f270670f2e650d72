"""Writes a whole set, in several processes, shard by shard."""

from collections.abc import Iterator
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
from tqdm import tqdm

from reid_align.cores import available_cores
from reid_align.errors import InvalidInputError, OutputError
from reid_align.files import replace_file, writing
from reid_align.shard_set import MASK_FILE, begin_set, shard_path
from reid_align.shards import write_shard
from reid_align.synth.body.fields import texture_mask
from reid_align.synth.sets.encode import png
from reid_align.synth.sets.produce import produce
from reid_align.synth.sets.settings import SynthSettings
from reid_align.synth.sets.tables import identity_tables
from reid_align.synth.sets.workers import interrupts_held_back, worker_pool


def write_set(
    folder: Path,
    settings: SynthSettings,
    workers: int | None = None,
    *,
    progress: bool = False,
) -> int:
    """Write a set, or what is missing of it; return how many shards were written.

    The same settings give the same set to the last byte, whatever the number of workers.

    Args:
        folder: of the set.
        settings: what it is made from.
        workers: how many processes; None takes one for each core.
        progress: show a bar with images, rate and time left on standard error, if that is a
            terminal.

    Raises:
        InvalidInputError: fewer than one worker.
        OutputError: the folder holds something else, or cannot be written; what was written before
            stays, and the same call goes on with it.
    """
    workers = workers if workers is not None else available_cores()
    if workers < 1:
        raise InvalidInputError(f"{workers} workers: give at least 1.")
    missing = begin_set(folder, settings.record(), settings.shards)
    _write_mask(folder / MASK_FILE)
    total = settings.identities * settings.images
    left = sum(_images(settings, index) for index in missing)
    hidden = None if progress else True
    with tqdm(total=total, initial=total - left, unit="image", disable=hidden) as bar:
        for index in _run(folder, settings, missing, workers):
            bar.update(_images(settings, index))
    return len(missing)


def make_shard(folder: Path, settings: SynthSettings, index: int) -> None:
    """Make and write one shard."""
    identities = [produce(settings, person) for person in settings.people(index)]
    write_shard(shard_path(folder, index), identity_tables(settings, identities))


def _images(settings: SynthSettings, shard: int) -> int:
    return len(settings.people(shard)) * settings.images


def _write_mask(path: Path) -> None:
    with writing(path):
        replace_file(path, png(texture_mask().astype(np.uint8) * 255))


def _run(folder: Path, settings: SynthSettings, shards: list[int], workers: int) -> Iterator[int]:
    if workers == 1 or len(shards) < 2:
        for index in shards:
            make_shard(folder, settings, index)
            yield index
        return
    with worker_pool(min(workers, len(shards))) as pool:
        try:
            with interrupts_held_back():
                futures: dict[Future[None], int] = {
                    pool.submit(make_shard, folder, settings, index): index for index in shards
                }
            for future in as_completed(futures):
                future.result()
                yield futures[future]
        except BrokenProcessPool as error:
            raise OutputError(
                f"{folder}: a worker process was killed, perhaps for want of memory. What was "
                "written is complete; run the same command again to continue, with fewer workers."
            ) from error
