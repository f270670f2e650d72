"""What a backend is: something that runs a prepared copy of an encoder on batches of images."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Literal, Protocol

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError, MissingExtraError
from reid_align.models.encoder import Encoder
from reid_align.registry import Registry

BackendName = Literal["torch", "plain", "compile", "onnx", "openvino"]


@dataclass(frozen=True)
class Target:
    """What a backend is built for.

    Attributes:
        device: where it runs.
        dtype: the number format it computes in.
        batch_size: images at a time; it may be called with fewer.
        slots: threads that call it side by side.
        threads: cores that each of these calls may use.
    """

    device: torch.device
    dtype: torch.dtype = torch.float32
    batch_size: int = 1
    slots: int = 1
    threads: int = 1


class Backend(Protocol):
    """Runs one encoder; several threads may call it at once."""

    def __call__(self, images: Tensor) -> Tensor:
        """Turn images (N, 3, H, W) float32, normalized, into features (N, D) float32.

        Args:
            images: in the channels-last layout, on the target's device; N is from 1 to the
                target's batch size.
        """


# A builder owns the encoder it is given, in evaluation mode and without gradients: it may change
# or keep it.
BACKENDS: Registry[Callable[[Encoder, Target], Backend]] = Registry("backend")


def check_target(name: str, target: Target, dtypes: tuple[torch.dtype, ...]) -> None:
    """Refuse what a runtime for the CPU cannot do.

    Raises:
        InvalidInputError: another device, or another number format than ``dtypes``.
    """
    if target.device.type != "cpu":
        raise InvalidInputError(
            f"backend {name!r} runs on the CPU only, this is {target.device}. Use --device cpu, or "
            "--backend torch or compile."
        )
    if target.dtype not in dtypes:
        raise InvalidInputError(
            f"backend {name!r} does not compute in {target.dtype}. Use --dtype float32, or for "
            "bfloat16 --backend torch, compile or openvino."
        )


def import_runtime(package: str, backend: str) -> ModuleType:
    """Import what a backend runs in; the extra is called like the backend.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingExtraError(package, backend, f"Backend {backend!r}") from error
