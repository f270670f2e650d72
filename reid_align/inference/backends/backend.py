"""Backend interface and registry."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Literal, Protocol

import torch
from torch import Tensor

from reid_align.errors import MissingExtraError, UnsupportedComputeError
from reid_align.models.encoder import Encoder
from reid_align.registry import Registry

BackendName = Literal["torch", "plain", "compile", "onnx", "openvino"]


@dataclass(frozen=True)
class BackendTarget:
    """Device, dtype, batch size and threads that a backend is built for.

    Attributes:
        device: device to run on.
        dtype: dtype to compute in.
        batch_size: maximum number of images per call.
        parallel_calls: number of threads that call the backend in parallel.
        threads: cores that each of these calls may use.
    """

    device: torch.device
    dtype: torch.dtype = torch.float32
    batch_size: int = 1
    parallel_calls: int = 1
    threads: int = 1


class Backend(Protocol):
    """Callable that runs one encoder; several threads may call it at once."""

    def __call__(self, images: Tensor) -> Tensor:
        """Compute the features (N, D) float32 of normalized images (N, 3, H, W) float32.

        Args:
            images: in channels-last layout on the target's device; 1 ≤ N ≤ the target's
                ``batch_size``.
        """


# A builder gets a private copy of the encoder, in evaluation mode and without gradients, and may
# modify it.
BACKENDS: Registry[Callable[[Encoder, BackendTarget], Backend]] = Registry("backend")


def check_target(name: str, target: BackendTarget, dtypes: tuple[torch.dtype, ...]) -> None:
    """Check that a CPU runtime supports the device and dtype of a target.

    Raises:
        UnsupportedComputeError: the device is not the CPU, or the dtype is not in ``dtypes``.
    """
    if target.device.type != "cpu":
        raise UnsupportedComputeError(
            f"Backend {name!r} runs only on the CPU; the device is {target.device}. Backends for "
            "this device: torch, plain, compile."
        )
    if target.dtype not in dtypes:
        supported = ", ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)
        raise UnsupportedComputeError(
            f"Backend {name!r} does not support {target.dtype}; it supports {supported}."
        )


def import_runtime(package: str, backend: str) -> ModuleType:
    """Import the runtime of a backend; the extra has the backend's name.

    Raises:
        MissingExtraError: the package is not installed.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingExtraError(package, backend, f"Backend {backend!r}") from error
