"""How to extract: everything that is chosen beside the images and the encoder."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import torch

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.features.batches import FeatureBatch
from reid_align.features.images import NamedImage
from reid_align.features.pipeline import default_batch_size, default_workers, feature_batches
from reid_align.inference.backends import BACKENDS, BackendName
from reid_align.inference.prepared_encoder import (
    DTYPES,
    DtypeName,
    PreparedEncoder,
    check_encoder,
    resolve_device,
)
from reid_align.inference.thread_lanes import Lanes
from reid_align.models.encoder import Encoder

OnError = Literal["fail", "skip"]


@dataclass(frozen=True)
class ExtractOptions:
    """How features are computed.

    Attributes:
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        dtype: the number format to compute in; results are float32 in any case.
        batch_size: images at a time; None is what suits the device.
        num_workers: threads that decode, and on the CPU also compute; None is one per core, beside
            a GPU 16 at most; 0 does all in the calling thread.
        flip: average each image's features with those of its mirror image.
        normalize: scale each feature vector to length 1.
        on_error: "fail" raises at the first unreadable image, "skip" lists it and goes on.
        backend: what runs the network: "torch"; "plain", the reference without any change for
            speed; "compile", "onnx" or "openvino".

    Raises:
        UnknownNameError: another ``dtype``, ``on_error`` or ``backend``.
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
        for name, value, least in (
            ("batch_size", self.batch_size, 1),
            ("num_workers", self.num_workers, 0),
        ):
            if value is not None and (not isinstance(value, int) or value < least):
                raise InvalidInputError(f"{name} {value!r}: give a whole number from {least} on.")

    def prepare(self, encoder: Encoder) -> PreparedEncoder:
        """Return the fast copy of an encoder that computes as these options say.

        Raises:
            InvalidInputError: this is no encoder; or the device is not there, or device or backend
                cannot compute in ``dtype``.
            MissingExtraError: the backend's packages are not installed.
            BackendError: the backend does not work on this machine.
        """
        check_encoder(encoder)
        device = resolve_device(str(self.device))
        return PreparedEncoder(
            encoder,
            device=device,
            dtype=self.dtype,
            flip=self.flip,
            normalize=self.normalize,
            backend=self.backend,
            batch_size=self.batch_size or default_batch_size(device.type),
            lanes=Lanes.share(device, self.workers),
        )

    @property
    def workers(self) -> int:
        """The number of threads, as asked for or as it suits this machine and the device."""
        if self.num_workers is not None:
            return self.num_workers
        return default_workers(resolve_device(str(self.device)).type)

    def batches(
        self, images: Iterable[NamedImage], encoder: PreparedEncoder
    ) -> Iterator[FeatureBatch]:
        """Yield the features of the images in order, in constant memory.

        Raises:
            ImageReadError: a image cannot be read and ``on_error`` is "fail".
            NotFiniteError: the encoder overflows.
        """
        skip = self.on_error == "skip"
        return feature_batches(images, encoder, self.workers, skip_errors=skip)
