"""Feature extraction in memory: `extract_features` and `FeatureExtractor`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features.extract_options import ExtractOptions, OnError
from reid_align.features.feature_batches import feature_batches, prepare_encoder
from reid_align.features.feature_description import describe_features
from reid_align.features.feature_digest import feature_digest
from reid_align.features.image_batches import FailedImage
from reid_align.features.image_inputs import ChannelOrder, ImageInputs, NamedImage, named_images
from reid_align.inference.backends import BackendName
from reid_align.inference.device import DtypeName
from reid_align.inference.prepared_encoder import PreparedEncoder
from reid_align.models.encoder import Encoder


@dataclass(frozen=True)
class Features:
    """Feature matrix and the image name of each row.

    Attributes:
        values: (N, D) float32; row i belongs to ``paths[i]``.
        paths: N names: the path, or ``input[i]`` for an image in memory.
        failed: the images that could not be read; they have no row.
        digest: digest of weights, preprocessing and options (see `feature_digest`); "" if unknown.

    Raises:
        InvalidInputError: the number of rows and of names differ.
    """

    values: NDArray[np.float32]
    paths: tuple[str, ...]
    failed: tuple[FailedImage, ...] = ()
    digest: str = ""

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or len(self.values) != len(self.paths):
            raise InvalidInputError(
                f"Features of shape {self.values.shape} for {len(self.paths)} images: give one "
                "row for each image."
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
    """Compute the features of images with an encoder.

    Args:
        inputs: a folder, file, glob pattern or `.txt` list; a PIL image, array or tensor; or an
            iterable of files, images, arrays and tensors (see `named_images`).
        encoder: from `san_resnet50`, `dsa_reid`, `create_model`, …; not modified.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        dtype: dtype to compute in; the result is float32 in any case.
        backend: "torch"; "plain", the unoptimized reference ("torch" differs by rounding, at most
            1e-5 of the largest value); "compile", "onnx" or "openvino". The last three are cached
            for the next call.
        batch_size: images per batch; default: 8 on the CPU, 128 on a GPU.
        num_workers: threads that decode, and on the CPU also compute; default: one per core.
        flip: average each image's features with those of its mirror image.
        normalize: scale each feature vector to length 1.
        on_error: "fail" raises at the first unreadable image, "skip" lists it in ``failed`` and
            continues.
        channel_order: "rgb" or "bgr"; required if the inputs contain arrays.

    Returns:
        N features in the order of the inputs; (0, D) for an empty iterable.

    Raises:
        NoImagesError: a folder, pattern or list contains no image.
        ImageReadError: an image cannot be read and ``on_error`` is "fail".
        InvalidInputError: invalid input or option.
        MissingExtraError: the backend's packages are not installed.
        BackendError: the backend does not work on this machine.
    """
    options = ExtractOptions(
        device, dtype, batch_size, num_workers, flip, normalize, on_error, backend
    )
    return FeatureExtractor(encoder, options)(inputs, channel_order)


class FeatureExtractor:
    """Encoder prepared once for many calls, for example in a service or a tracker.

    `extract_features` prepares the weights on every call, which takes as long as several images.
    Several threads may share one extractor.

    Args:
        encoder: copied, not modified.
        options: how to extract. ``num_workers=1`` uses all cores for one batch, for the lowest
            latency; more workers give the highest throughput.

    Attributes:
        options: the options.
        digest: digest of the encoder and the options, see `Features.digest`.
    """

    def __init__(self, encoder: Encoder, options: ExtractOptions | None = None) -> None:
        self.options = options or ExtractOptions()
        self._prepared = prepare_encoder(encoder, self.options)
        self.digest = digest_of(encoder, self.options)

    def __call__(self, inputs: ImageInputs, channel_order: ChannelOrder | None = None) -> Features:
        """Compute the features of images; see `extract_features`."""
        images = named_images(inputs, channel_order)
        return _extract(images, self._prepared, self.options, self.digest)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "A FeatureExtractor cannot be pickled or copied: its weights are optimized for this "
            "process. Send the encoder and extractor.options to the other process, and create "
            "FeatureExtractor(encoder, options) there."
        )


def extract_named_images(
    images: Iterable[NamedImage], encoder: Encoder, options: ExtractOptions
) -> Features:
    """Compute the features of named images; see `extract_features`."""
    prepared = prepare_encoder(encoder, options)
    return _extract(images, prepared, options, digest_of(encoder, options))


def digest_of(encoder: Encoder, options: ExtractOptions) -> str:
    """Return the digest of the features that an encoder computes with these options."""
    return feature_digest(describe_features(encoder, options))


def _extract(
    images: Iterable[NamedImage], encoder: PreparedEncoder, options: ExtractOptions, digest: str
) -> Features:
    values = [np.empty((0, encoder.feature_dim), np.float32)]
    paths: list[str] = []
    failed: list[FailedImage] = []
    for batch in feature_batches(images, encoder, options):
        values.append(batch.values)
        paths.extend(batch.paths)
        failed.extend(batch.failed)
    return Features(np.concatenate(values), tuple(paths), tuple(failed), digest)
