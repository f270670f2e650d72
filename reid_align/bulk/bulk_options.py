"""Options of extraction to Parquet."""

from dataclasses import dataclass
from typing import Literal, get_args

from reid_align.checks import at_least_one
from reid_align.errors import InvalidInputError, UnknownNameError

EngineName = Literal["local", "ray"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)


@dataclass(frozen=True)
class BulkOptions:
    """How the work is distributed.

    Attributes:
        engine: "local" works in this process, "ray" on a Ray cluster, or on this machine if there
            is none.
        workers: Ray actors; default: one per GPU, or per core without GPUs. Unused by "local".
        address: address of a Ray cluster; default: ``RAY_ADDRESS``, else this machine.
        part_images: images per work unit, and per Parquet file. A tar file is one unit.

    Raises:
        UnknownNameError: another engine.
        InvalidInputError: a number below 1, or options of Ray without it.
    """

    engine: EngineName = "local"
    workers: int | None = None
    address: str | None = None
    part_images: int = 1024

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise UnknownNameError("engine", self.engine, ENGINES)
        at_least_one("part_images", self.part_images)
        if self.workers is not None:
            at_least_one("workers", self.workers)
        if self.engine == "local" and (self.workers is not None or self.address is not None):
            raise InvalidInputError("workers and address are options of the engine 'ray'.")
