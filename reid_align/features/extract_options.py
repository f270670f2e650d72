"""Options of feature extraction."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.inference.backends import BACKENDS, BackendName
from reid_align.inference.device import DTYPES, DtypeName

OnError = Literal["fail", "skip"]


@dataclass(frozen=True)
class ExtractOptions:
    """How features are computed.

    Attributes:
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        dtype: dtype to compute in; features are float32 in any case.
        batch_size: images per batch; default: 8 on the CPU, 128 on a GPU.
        num_workers: threads that decode, and on the CPU also compute; default: one per core, at
            most 16 with a GPU. 0 does everything in the calling thread.
        flip: average each image's features with those of its mirror image.
        normalize: scale each feature vector to length 1.
        on_error: "fail" raises at the first unreadable image, "skip" records it and continues.
        backend: "torch", the default; "plain", the unoptimized reference; "compile", "onnx" or
            "openvino".

    Raises:
        UnknownNameError: unknown ``dtype``, ``on_error`` or ``backend``.
        InvalidInputError: ``batch_size`` below 1 or ``num_workers`` below 0.
    """

    device: str | torch.device = "auto"
    dtype: DtypeName = "float32"
    batch_size: int | None = None
    num_workers: int | None = None
    flip: bool = False
    normalize: bool = True
    on_error: OnError = "fail"
    backend: BackendName = "torch"

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise UnknownNameError("dtype", self.dtype, DTYPES)
        if self.on_error not in get_args(OnError):
            raise UnknownNameError("on_error", self.on_error, get_args(OnError))
        if self.backend not in BACKENDS:
            raise UnknownNameError("backend", self.backend, BACKENDS)
        for name, value, minimum in (
            ("batch_size", self.batch_size, 1),
            ("num_workers", self.num_workers, 0),
        ):
            if value is not None and (not isinstance(value, int) or value < minimum):
                raise InvalidInputError(f"{name} {value!r}: give an integer of at least {minimum}.")
