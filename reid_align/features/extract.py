"""Features of images, in memory: the one call that most programs need."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features.batches import FailedImage
from reid_align.features.images import ChannelOrder, ImageInputs, NamedImage, named_images
from reid_align.features.options import ExtractOptions, OnError
from reid_align.inference.backends import BackendName
from reid_align.inference.prepared_encoder import DtypeName, PreparedEncoder
from reid_align.models.encoder import Encoder


@dataclass(frozen=True)
class Features:
    """A matrix of features, and which row is which image.

    Attributes:
        values: (N, D) float32; row i belongs to ``paths[i]``.
        paths: N names: the path, or ``input[i]`` for a image handed over in memory.
        failed: the images that could not be read; they have no row.

    Raises:
        InvalidInputError: not one row for each name.
    """

    values: NDArray[np.float32]
    paths: tuple[str, ...]
    failed: tuple[FailedImage, ...] = ()

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or len(self.values) != len(self.paths):
            raise InvalidInputError(
                f"Features {self.values.shape} for {len(self.paths)} images: one row for each."
            )


def extract_features(
    inputs: ImageInputs,
    encoder: Encoder,
    *,
    device: str | torch.device = "auto",
    dtype: DtypeName = "float32",
    backend: BackendName = "torch",
    batch_size: int | None = None,
    num_workers: int | None = None,
    flip: bool = False,
    normalize: bool = True,
    on_error: OnError = "fail",
    channel_order: ChannelOrder | None = None,
) -> Features:
    """Compute the features of images with an encoder; the encoder is left as it is.

    Args:
        inputs: a folder, file, glob pattern or `.txt` list; a PIL image, array or tensor; or an
            iterable of files, images, arrays and tensors (see `named_images`).
        encoder: from `san_resnet50`, `dsa_reid`, `create_model`, …
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        dtype: the number format to compute in; the result is float32 in any case.
        backend: what runs the network: "torch"; "plain", the reference without any change for
            speed, from which "torch" differs by rounding (1e-5 of the largest number at most);
            "compile", "onnx" or "openvino". What the last three build is kept for the next call.
        batch_size: images at a time; by default what suits the device.
        num_workers: threads that decode, and on the CPU also compute; by default one per core.
        flip: average each image's features with those of its mirror image.
        normalize: scale each feature vector to length 1.
        on_error: "fail" raises at the first unreadable image, "skip" goes on and lists it in
            ``failed``.
        channel_order: "rgb" or "bgr"; needed when arrays are among the inputs.

    Returns:
        N features in the order of the inputs; (0, D) for an empty iterable.

    Raises:
        NoImagesError: a folder, pattern or list leads to no image.
        ImageReadError: a image cannot be read and ``on_error`` is "fail".
        InvalidInputError: an input or an option of another type, shape or range.
        MissingExtraError: the backend's packages are not installed.
        BackendError: the backend does not work on this machine.
    """
    options = ExtractOptions(
        device, dtype, batch_size, num_workers, flip, normalize, on_error, backend
    )
    return FeatureExtractor(encoder, options)(inputs, channel_order)


class FeatureExtractor:
    """An encoder made ready once, for images that come again and again: a camera, a service.

    `extract_features` folds and lays out the weights at every call, which takes as long as several
    images do. Several threads may call one extractor.

    Args:
        encoder: it is copied, and left as it is.
        options: how to extract. With ``num_workers=1`` all cores work on one batch, so that a
            few images are done soonest; with more, the most images are done in a minute.

    Raises:
        InvalidInputError: as of `extract_features`; so are all others.
    """

    def __init__(self, encoder: Encoder, options: ExtractOptions | None = None) -> None:
        self.options = options or ExtractOptions()
        self._prepared = self.options.prepare(encoder)

    def __call__(self, inputs: ImageInputs, channel_order: ChannelOrder | None = None) -> Features:
        """Compute the features of images; arguments and errors are `extract_features`'."""
        return _gather(named_images(inputs, channel_order), self._prepared, self.options)


def gather_features(
    images: Iterable[NamedImage], encoder: Encoder, options: ExtractOptions
) -> Features:
    """Compute the features of named images; see `extract_features`."""
    return _gather(images, options.prepare(encoder), options)


def _gather(
    images: Iterable[NamedImage], encoder: PreparedEncoder, options: ExtractOptions
) -> Features:
    values = [np.empty((0, encoder.feature_dim), np.float32)]
    paths: list[str] = []
    failed: list[FailedImage] = []
    for batch in options.batches(images, encoder):
        values.append(batch.values)
        paths.extend(batch.paths)
        failed.extend(batch.failed)
    return Features(np.concatenate(values), tuple(paths), tuple(failed))
