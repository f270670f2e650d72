"""Optimized copy of an encoder for inference."""

from dataclasses import dataclass
from threading import BoundedSemaphore

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize as l2_normalize

from reid_align.errors import InvalidInputError, NotFiniteError, UnsupportedComputeError
from reid_align.inference.backends import BackendName, BackendTarget
from reid_align.inference.backends.backend_cache import build_backend
from reid_align.inference.device import DTYPES, DtypeName
from reid_align.inference.exported.exported_encoder import ExportedEncoder
from reid_align.inference.parallelism import SERIAL, Parallelism
from reid_align.models.encoder import Encoder


def check_encoder(encoder: object) -> None:
    """Raise InvalidInputError unless this is an `Encoder`."""
    if not isinstance(encoder, Encoder):
        raise InvalidInputError(
            f"encoder is of type {type(encoder).__name__}. Pass an Encoder, for example "
            "san_resnet50(pretrained=True)."
        )


@dataclass(frozen=True)
class PendingFeatures:
    """Features that the device may still be computing.

    Attributes:
        values: (N, D) float32 in host memory.
        ready: event after which ``values`` is valid; None if it is valid now.
    """

    values: Tensor
    ready: torch.cuda.Event | None


class PreparedEncoder:
    """Copy of an encoder on a backend; several threads may call it.

    Args:
        encoder: copied, not modified.
        device: device to run on.
        dtype: "float32"; "bfloat16" and "float16" compute in half precision (float16 needs a GPU).
        flip: average each image's features with those of its mirror image.
        normalize: scale each feature vector to length 1; a zero vector stays zero.
        backend: one of `BACKENDS`.
        batch_size: maximum number of images per call.
        parallelism: how many threads call it in parallel, and how many cores each call uses.

    Raises:
        UnsupportedComputeError: float16 on the CPU.
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
        parallelism: Parallelism = SERIAL,
    ) -> None:
        if dtype == "float16" and device.type == "cpu":
            raise UnsupportedComputeError("dtype 'float16' needs a GPU. On the CPU use 'bfloat16'.")
        for name, values in encoder.state_dict().items():
            # Checked here because a fused ReLU turns NaN into zero. A sum is several times faster
            # than isfinite().all(), and in float64 it cannot overflow.
            if not values.sum(dtype=torch.float64).isfinite():
                raise NotFiniteError(
                    f"The weights are broken: {name} ({values.dtype}) contains NaN or infinity."
                )
        self.preprocess = encoder.preprocess
        # The graph of an exported encoder normalizes.
        self._takes_pixels = isinstance(encoder, ExportedEncoder)
        self.feature_dim = encoder.feature_dim
        self.device, self.dtype = device, DTYPES[dtype]
        self.flip, self.normalize = flip, normalize
        self.batch_size, self.parallelism = batch_size, parallelism
        target = BackendTarget(
            device, self.dtype, batch_size, parallelism.batches, parallelism.threads
        )
        self._backend = build_backend(backend, encoder, target)
        self._free = BoundedSemaphore(parallelism.batches)

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the features (N, feature_dim) float32 of images (N, height, width, 3) uint8 RGB.

        N is at most ``batch_size``.
        """
        with self._free:
            return self.fetch(self.launch(pixels))

    @torch.inference_mode()
    def launch(self, pixels: NDArray[np.uint8]) -> PendingFeatures:
        """Start computing features; a GPU computes asynchronously."""
        if not len(pixels):
            return PendingFeatures(torch.empty(0, self.feature_dim), None)
        images = self._upload(pixels)
        if not self._takes_pixels:
            images = self.preprocess.normalize(images)
        features = self._backend(images)
        if self.flip:
            mirrored = images.flip(3).contiguous(memory_format=torch.channels_last)
            features = (features + self._backend(mirrored)) / 2
        if self.normalize:
            features = l2_normalize(features)
        if self.device.type != "cuda":
            return PendingFeatures(features.cpu(), None)
        ready = torch.cuda.Event()
        host = features.to("cpu", non_blocking=True)
        ready.record(torch.cuda.current_stream(self.device))
        return PendingFeatures(host, ready)

    def fetch(self, pending: PendingFeatures) -> NDArray[np.float32]:
        """Wait for features from `launch` and return them as (N, feature_dim) float32.

        Raises:
            NotFiniteError: the features hold NaN or infinity.
        """
        if pending.ready is not None:
            pending.ready.synchronize()
        values = pending.values.numpy()
        if pending.ready is not None:
            # Release the pinned memory of this batch.
            values = values.copy()
        if not np.isfinite(values).all():
            raise NotFiniteError(
                f"The encoder returned NaN or infinity in {self.dtype}. Use dtype float32; if the "
                "error remains, the weights are broken."
            )
        return values

    def _upload(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Return (N, 3, H, W) uint8 on the device, in channels-last layout without a copy."""
        batch = torch.from_numpy(pixels)
        if self.device.type == "cuda":
            batch = batch.pin_memory().to(self.device, non_blocking=True)
        return batch.to(self.device).permute(0, 3, 1, 2)
