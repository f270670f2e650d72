"""The fast copy of an encoder that extraction runs; the encoder itself is never touched."""

import re
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize as l2_normalize

from reid_align.errors import InvalidInputError, NotFiniteError
from reid_align.finite import all_finite
from reid_align.inference.backends import BackendName, Target
from reid_align.inference.backends.build import build_backend
from reid_align.inference.thread_lanes import ONE_LANE, Lanes
from reid_align.models.encoder import Encoder

DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
DtypeName = Literal["float32", "bfloat16", "float16"]


def resolve_device(name: str) -> torch.device:
    """Turn "auto", "cpu", "cuda", "cuda:1" or "mps" into a device that is there.

    "auto" is the first of CUDA, Apple's MPS and the CPU.

    Raises:
        InvalidInputError: no such device, or none in this machine.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", name):
        raise InvalidInputError(f"Device {name!r}: choose auto, cpu, cuda, cuda:N or mps.")
    device = torch.device(name)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InvalidInputError("Device 'mps': this machine has none. Use --device cpu.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InvalidInputError(
            f"Device {name!r}: torch sees {torch.cuda.device_count()} CUDA devices here. "
            "Use --device cpu, or install the torch build for your GPU."
        )
    return device


def check_encoder(encoder: object) -> None:
    """Raise InvalidInputError for anything but an encoder."""
    if not isinstance(encoder, Encoder):
        raise InvalidInputError(
            f"An encoder of type {type(encoder).__name__}: build one, for instance with "
            "san_resnet50(weights=FILE)."
        )


@dataclass(frozen=True)
class Launched:
    """Features that a device may still be computing.

    Attributes:
        values: (N, D) float32 in the memory of the host.
        ready: when they are there; None is now.
    """

    values: Tensor
    ready: torch.cuda.Event | None


class PreparedEncoder:
    """A copy of an encoder, ready to run on a backend; several threads may call it.

    Args:
        encoder: what to copy; it is left as it is.
        device: where to run.
        dtype: "float32"; "bfloat16" and "float16" compute in half precision (float16 needs a GPU).
        flip: average each image's features with those of its mirror image.
        normalize: scale each feature vector to length 1; a zero vector stays zero.
        backend: one of `BACKENDS`.
        batch_size: images at a time at most.
        lanes: how many threads call it side by side, with how many cores each.

    Raises:
        InvalidInputError: float16 on the CPU, or what the backend does not compute.
        UnknownNameError: no backend of that name.
        MissingExtraError: the backend's packages are not installed.
        BackendError: the backend does not work on this machine.
        NotFiniteError: the weights hold NaN or infinity.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        device: torch.device,
        dtype: DtypeName,
        flip: bool,
        normalize: bool,
        backend: BackendName = "torch",
        batch_size: int = 8,
        lanes: Lanes = ONE_LANE,
    ) -> None:
        if dtype == "float16" and device.type == "cpu":
            raise InvalidInputError("dtype 'float16' needs a GPU. On the CPU choose bfloat16.")
        for name, values in encoder.state_dict().items():
            # Said here, as a fused ReLU turns what is not a number into zero.
            if not all_finite(values):
                raise NotFiniteError(
                    f"{name} has values that are not finite in {values.dtype}: the weights are "
                    "broken."
                )
        self.preprocess = encoder.preprocess
        self.feature_dim = encoder.feature_dim
        self.device, self.dtype = device, DTYPES[dtype]
        self.flip, self.normalize = flip, normalize
        self.batch_size, self.lanes = batch_size, lanes
        target = Target(device, self.dtype, batch_size, lanes.count, lanes.threads)
        self._backend = build_backend(backend, encoder, target)
        self._free = BoundedSemaphore(lanes.count)

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the features (N, feature_dim) of images (N, height, width, 3), RGB.

        N is at most ``batch_size``.

        Raises:
            NotFiniteError: the weights, or the number format, overflow.
        """
        with self._free:
            return self.fetch(self.launch(pixels))

    @torch.inference_mode()
    def launch(self, pixels: NDArray[np.uint8]) -> Launched:
        """Begin to compute features; a GPU goes on by itself."""
        if not len(pixels):
            return Launched(torch.empty(0, self.feature_dim), None)
        images = self.preprocess.normalize(self._upload(pixels))
        features = self._backend(images)
        if self.flip:
            mirrored = images.flip(3).contiguous(memory_format=torch.channels_last)
            features = (features + self._backend(mirrored)) / 2
        if self.normalize:
            features = l2_normalize(features)
        if self.device.type != "cuda":
            return Launched(features.cpu(), None)
        ready = torch.cuda.Event()
        host = features.to("cpu", non_blocking=True)
        ready.record(torch.cuda.current_stream(self.device))
        return Launched(host, ready)

    def fetch(self, launched: Launched) -> NDArray[np.float32]:
        """Wait for features that were launched and return them.

        Raises:
            NotFiniteError: the weights, or the number format, overflow.
        """
        if launched.ready is not None:
            launched.ready.synchronize()
        values = launched.values.numpy()
        if launched.ready is not None:
            # Pinned memory is short: it is not kept until the last batch.
            values = values.copy()
        if not np.isfinite(values).all():
            raise NotFiniteError(
                f"The encoder gave features that are not finite in {self.dtype}. "
                "Use dtype float32; if that gives the same, the weights are broken."
            )
        return values

    def _upload(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Return (N, 3, H, W) uint8 on the device, channels last without a copy of its own."""
        batch = torch.from_numpy(pixels)
        if self.device.type == "cuda":
            batch = batch.pin_memory().to(self.device, non_blocking=True)
        return batch.to(self.device).permute(0, 3, 1, 2)
