"""Engines that process work units: in this process, or with Ray Data on many machines."""

import logging
import os
import pickle
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from reid_align.bulk.bulk_options import BulkOptions
from reid_align.bulk.part_writer import UnitResult, write_unit
from reid_align.bulk.parts_folder import PartsFolder
from reid_align.bulk.work_units import WorkUnit
from reid_align.cores import available_cores
from reid_align.errors import InvalidInputError, MissingExtraError, ReidAlignError
from reid_align.features import ExtractOptions
from reid_align.features.feature_batches import prepare_encoder
from reid_align.models.encoder import Encoder

# Threads that decode for one GPU.
_DECODERS_PER_GPU = 4
_MAX_BLOCKS = 20_000


@dataclass(frozen=True)
class UnitJob:
    """What every worker needs: encoder, options and output folder."""

    encoder: Encoder
    options: ExtractOptions
    folder: PartsFolder


def run_here(job: UnitJob, units: Iterator[WorkUnit]) -> Iterator[UnitResult]:
    """Process units in this process, one after the other."""
    prepared = prepare_encoder(job.encoder, job.options)
    for unit in units:
        yield write_unit(unit, prepared, job.options, job.folder)


def run_on_ray(
    job: UnitJob, units: Iterator[WorkUnit], options: BulkOptions
) -> Iterator[UnitResult]:
    """Process units with an actor pool of Ray Data, and yield results as they arrive.

    Each actor uses one core, or one GPU. Ray restarts an actor that was killed, and repeats its
    unit.

    Raises:
        MissingExtraError: Ray is not installed.
        InvalidInputError: the cluster has no GPU, but one is requested; or no cluster is found.
        ReidAlignError: a unit fails; finished parts stay.
    """
    pending = [{"unit": pickle.dumps(unit)} for unit in units]
    if not pending:
        return
    with _cluster(options) as ray:
        resources = ray.cluster_resources()
        gpus, cpus = int(resources.get("GPU", 0)), int(resources.get("CPU", 1))
        on_gpu = _use_gpu(job.options, gpus)
        workers = min(options.workers or (gpus if on_gpu else cpus) or 1, len(pending))
        worker_options = _worker_options(job.options, on_gpu=on_gpu)
        shared = ray.put(pickle.dumps(replace(job, options=worker_options)))
        data = ray.data.from_items(pending, override_num_blocks=min(len(pending), _MAX_BLOCKS))
        done = data.map_batches(
            UnitWorker,
            fn_constructor_args=(shared,),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=workers),
            num_cpus=worker_options.num_workers or 1,
            num_gpus=1 if on_gpu else 0,
        )
        for batch in done.iter_batches(batch_size=None, prefetch_batches=0):
            for content in batch["result"]:
                result = pickle.loads(content)
                if isinstance(result, ReidAlignError):
                    raise result
                yield result


class UnitWorker:
    """Ray actor that processes units.

    Args:
        shared: reference to a pickled `UnitJob`.
    """

    def __init__(self, shared: Any) -> None:  # noqa: ANN401
        import ray

        self._job: UnitJob = pickle.loads(ray.get(shared))
        if not self._job.options.num_workers:
            # One core per batch, as in a single process: the features have the same bits.
            torch.set_num_threads(1)
        self._prepared = prepare_encoder(self._job.encoder, self._job.options)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[bytes]]:
        """Process the units of a batch; errors of the library are results."""
        results: list[bytes] = []
        for content in batch["unit"]:
            try:
                result: UnitResult | ReidAlignError = write_unit(
                    pickle.loads(content), self._prepared, self._job.options, self._job.folder
                )
            except ReidAlignError as error:
                result = error
            results.append(pickle.dumps(result))
        return {"result": results}


def _use_gpu(options: ExtractOptions, gpus: int) -> bool:
    device = str(options.device)
    if device.startswith("cuda") and not gpus:
        raise InvalidInputError("device 'cuda': the Ray cluster has no GPU. Use device 'cpu'.")
    if device == "mps":
        raise InvalidInputError("device 'mps': Ray does not manage it. Use the engine 'local'.")
    return device.startswith("cuda") or (device == "auto" and gpus > 0)


def _worker_options(options: ExtractOptions, *, on_gpu: bool) -> ExtractOptions:
    if on_gpu:
        return replace(options, device="cuda", num_workers=options.num_workers or _DECODERS_PER_GPU)
    return replace(options, device="cpu", num_workers=0)


def _check_address(address: str) -> None:
    """Connect to the address, because Ray tries for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host:  # "auto"
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"Cannot connect to Ray at {address}: {error}.") from error


@contextmanager
def _cluster(options: BulkOptions) -> Iterator[Any]:
    """Connect to a Ray cluster, or start one on this machine; disconnect on exit."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # Ray's workers would run at the lowest priority but four, and starve next to other programs.
    os.environ.setdefault("RAY_worker_niceness", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise MissingExtraError("ray", "ray", "The engine 'ray'") from error
    address = options.address or os.environ.get("RAY_ADDRESS")
    if address:
        _check_address(address)
    handler = signal.getsignal(signal.SIGTERM)
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            ray.init(
                address="local",
                num_cpus=max(available_cores(), options.workers or 1),
                include_dashboard=False,
                object_store_memory=1 << 29,
                **quiet,
            )
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InvalidInputError(
            f"Cannot connect to Ray at {address or 'local'}: {reason}."
        ) from error
    finally:
        # Ray replaces it, and would end the process without a message.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield ray
    finally:
        ray.shutdown()
