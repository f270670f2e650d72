"""How to extract: everything that is chosen beside the pictures and the encoder."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.features.pictures import Picture
from reid_align.features.pipeline import (
    FeatureBatch,
    default_batch_size,
    default_workers,
    feature_batches,
)
from reid_align.features.prepare import DTYPES, DtypeName, PreparedEncoder, resolve_device
from reid_align.models.encoder import Encoder

OnError = Literal["fail", "skip"]


@dataclass(frozen=True)
class ExtractOptions:
    """How features are computed.

    Attributes:
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        dtype: the number format to compute in; results are float32 in any case.
        batch_size: pictures at a time; None is what suits the device.
        num_workers: decoding threads; None is one per core, 0 decodes in the calling thread.
        flip: average each picture's features with those of its mirror image.
        normalize: scale each feature vector to length 1.
        on_error: "fail" raises at the first unreadable picture, "skip" lists it and goes on.

    Raises:
        UnknownNameError: another ``dtype`` or ``on_error``.
        InvalidInputError: ``batch_size`` below 1 or ``num_workers`` below 0.
    """

    device: str = "auto"
    dtype: DtypeName = "float32"
    batch_size: int | None = None
    num_workers: int | None = None
    flip: bool = False
    normalize: bool = True
    on_error: OnError = "fail"

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise UnknownNameError("dtype", self.dtype, DTYPES)
        if self.on_error not in get_args(OnError):
            raise UnknownNameError("on_error", self.on_error, get_args(OnError))
        if self.batch_size is not None and self.batch_size < 1:
            raise InvalidInputError(f"batch_size {self.batch_size}: give at least 1.")
        if self.num_workers is not None and self.num_workers < 0:
            raise InvalidInputError(f"num_workers {self.num_workers}: give at least 0.")

    def prepare(self, encoder: Encoder) -> PreparedEncoder:
        """Return the fast copy of an encoder that computes as these options say.

        Raises:
            InvalidInputError: the device is not there, or cannot compute in ``dtype``.
        """
        return PreparedEncoder(
            encoder,
            device=resolve_device(self.device),
            dtype=self.dtype,
            flip=self.flip,
            normalize=self.normalize,
        )

    def batches(
        self, pictures: Iterable[Picture], encoder: PreparedEncoder
    ) -> Iterator[FeatureBatch]:
        """Yield the features of the pictures in order, in constant memory.

        Raises:
            ImageReadError: a picture cannot be read and ``on_error`` is "fail".
            NotFiniteError: the encoder overflows.
        """
        kind = encoder.device.type
        size = default_batch_size(kind) if self.batch_size is None else self.batch_size
        workers = default_workers() if self.num_workers is None else self.num_workers
        skip = self.on_error == "skip"
        return feature_batches(pictures, encoder, size, workers, skip_errors=skip)
