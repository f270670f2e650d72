"""Feature extraction in memory: `extract_features`."""

from collections.abc import Iterable

import numpy as np
import torch

from reid_align.features.extract_options import ExtractOptions, OnError
from reid_align.features.feature_batches import feature_batches, prepare_encoder
from reid_align.features.feature_description import describe_features
from reid_align.features.feature_digest import feature_digest
from reid_align.features.feature_matrix import Features
from reid_align.features.image_batches import FailedImage
from reid_align.features.image_inputs import ChannelOrder, ImageInputs, NamedImage, named_images
from reid_align.inference.backends import BackendName
from reid_align.inference.device import DtypeName
from reid_align.inference.prepared_encoder import PreparedEncoder
from reid_align.models.encoder import Encoder
from reid_align.progress import Progress


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
    return extract_named_images(named_images(inputs, channel_order), encoder, options)


def extract_named_images(
    images: Iterable[NamedImage],
    encoder: Encoder,
    options: ExtractOptions,
    progress: Progress | None = None,
) -> Features:
    """Compute the features of named images; see `extract_features`.

    Args:
        images: images.
        encoder: not modified.
        options: how to extract.
        progress: display that counts the images.
    """
    prepared = prepare_encoder(encoder, options)
    return extract_prepared(images, prepared, options, digest_of(encoder, options), progress)


def digest_of(encoder: Encoder, options: ExtractOptions) -> str:
    """Return the digest of the features that an encoder computes with these options."""
    return feature_digest(describe_features(encoder, options))


def extract_prepared(
    images: Iterable[NamedImage],
    encoder: PreparedEncoder,
    options: ExtractOptions,
    digest: str,
    progress: Progress | None = None,
) -> Features:
    """Compute the features of named images with an encoder from `prepare_encoder`."""
    values = [np.empty((0, encoder.feature_dim), np.float32)]
    paths: list[str] = []
    failed: list[FailedImage] = []
    for batch in feature_batches(images, encoder, options):
        values.append(batch.values)
        paths.extend(batch.paths)
        failed.extend(batch.failed)
        if progress is not None:
            progress.update(len(batch.paths) + len(batch.failed))
    return Features(np.concatenate(values), tuple(paths), tuple(failed), digest)
