"""Device and dtype to compute with, and their default batch size and number of workers."""

import re
from typing import Literal

import torch

from reid_align.cores import available_cores
from reid_align.errors import DeviceNotFoundError, InvalidInputError

DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
DtypeName = Literal["float32", "bfloat16", "float16"]

# Small batches stay in the CPU's caches; a GPU needs large ones to be busy.
CPU_BATCH_SIZE, GPU_BATCH_SIZE = 8, 128
MAX_GPU_WORKERS = 16


def resolve_device(name: str) -> torch.device:
    """Return the available device for "auto", "cpu", "cuda", "cuda:N" or "mps".

    "auto" picks the first of CUDA, Apple's MPS and the CPU.

    Raises:
        InvalidInputError: unknown name.
        DeviceNotFoundError: this machine has no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", name):
        raise InvalidInputError(f"Device {name!r}: choose auto, cpu, cuda, cuda:N or mps.")
    device = torch.device(name)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceNotFoundError("Device 'mps': this machine has no MPS device.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise DeviceNotFoundError(
            f"Device {name!r}: torch finds {torch.cuda.device_count()} CUDA devices. If the "
            "machine has a GPU, install the torch build that matches its driver."
        )
    return device


def default_batch_size(device_type: str) -> int:
    """Return the default batch size for a device type ("cpu", "cuda", "mps")."""
    return CPU_BATCH_SIZE if device_type == "cpu" else GPU_BATCH_SIZE


def default_workers(device_type: str) -> int:
    """Return the default number of threads: one per available core, at most 16 with a GPU."""
    cores = available_cores()
    # With a GPU, workers only decode, and each holds a large batch in memory.
    return cores if device_type == "cpu" else min(cores, MAX_GPU_WORKERS)
