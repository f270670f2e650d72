"""Feature extraction in memory: `extract_features` and `FeatureExtractor`."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.errors import ForkedProcessError, InvalidInputError
from reid_align.features.extract_options import ExtractOptions, OnError
from reid_align.features.feature_batches import feature_batches, prepare_encoder, worker_count
from reid_align.features.feature_description import describe_features
from reid_align.features.feature_digest import feature_digest
from reid_align.features.frame_crops import Boxes, FailedBox, Frame, box_name, frame_crops
from reid_align.features.image_batches import FailedImage
from reid_align.features.image_inputs import ChannelOrder, ImageInputs, NamedImage, named_images
from reid_align.inference.backends import BackendName
from reid_align.inference.device import DtypeName
from reid_align.inference.prepared_encoder import PreparedEncoder
from reid_align.models.encoder import Encoder
from reid_align.progress import Progress


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

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Rows with features, (N,) bool: False for the boxes in ``failed``."""
        return np.asarray(~np.isnan(self.values).any(axis=1))


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
    Several threads may share one extractor. It can be pickled, for processes started with "spawn"
    or for Ray: the encoder and the options are sent, and the other process prepares them again.
    Torch's threads do not survive a fork, so an extractor that has been used, or created with
    ``num_workers=0``, cannot be used in a forked process.

    Args:
        encoder: not modified. Later changes of its weights do not affect the extractor.
        options: how to extract. ``num_workers=1`` uses all cores for one batch, for the lowest
            latency; more workers give the highest throughput.
        channel_order: channel order of arrays, "rgb" (Pillow, imageio) or "bgr" (OpenCV). Without
            it, arrays need it in each call and `crops` does not take arrays.

    Attributes:
        options: the options.
        channel_order: the channel order of arrays, or None.
        feature_dim: D.
        digest: digest of the encoder and the options, see `Features.digest`.

    Raises:
        InvalidInputError: invalid encoder, option or channel order.
    """

    def __init__(
        self,
        encoder: Encoder,
        options: ExtractOptions | None = None,
        *,
        channel_order: ChannelOrder | None = None,
    ) -> None:
        if channel_order not in (None, "rgb", "bgr"):
            raise InvalidInputError(f"channel_order {channel_order!r}: choose 'rgb' or 'bgr'.")
        self.options = options or ExtractOptions()
        self.channel_order = channel_order
        self._prepared = prepare_encoder(encoder, self.options)
        self.feature_dim = encoder.feature_dim
        self.digest = digest_of(encoder, self.options)
        # A reference, not a copy: only pickling needs it, and the digest tells whether it changed.
        self._encoder = encoder
        # In the calling thread, torch's threads are in use from here on; workers start later.
        unthreaded = worker_count(self.options) == 0
        self._process: int | None = os.getpid() if unthreaded else None

    def __call__(self, inputs: ImageInputs, channel_order: ChannelOrder | None = None) -> Features:
        """Compute the features of images; see `extract_features`.

        Args:
            inputs: the images.
            channel_order: channel order of arrays in this call; default: that of the extractor.

        Raises:
            ForkedProcessError: this process is a fork of one that has used the extractor.
        """
        self._require_same_process()
        images = named_images(inputs, channel_order or self.channel_order)
        return _extract(images, self._prepared, self.options, self.digest)

    def crops(self, frame: Frame, boxes: Boxes) -> Features:
        """Compute the features of boxes in a frame.

        Boxes are clipped to the frame and extended to whole pixels. A box that is empty, inverted,
        not finite or outside the frame has a row of NaN and an entry in ``failed``, whatever
        ``options.on_error`` is.

        Args:
            frame: (H, W, 3) uint8 in the extractor's channel order; or a file, a PIL image, or a
                tensor (3, H, W) in RGB.
            boxes: (N, 4) left, top, right, bottom in pixels, or an object with these in the
                attribute ``xyxy``, such as `supervision.Detections`. N may be 0.

        Returns:
            N features in the order of the boxes, named ``box[i]``. ``failed`` has `FailedBox`.

        Raises:
            InvalidInputError: invalid frame or boxes, or an array without a channel order.
            ImageReadError: the file of the frame cannot be read.
            ForkedProcessError: this process is a fork of one that has used the extractor.
        """
        self._require_same_process()
        crops = frame_crops(frame, boxes, self.channel_order)
        images = (crop for crop in crops if isinstance(crop, NamedImage))
        # Rows are placed by name: also a crop that cannot be resized keeps its row.
        options = replace(self.options, on_error="skip")
        found = _extract(images, self._prepared, options, self.digest)
        names = {box_name(index): index for index in range(len(crops))}
        values = np.full((len(crops), self.feature_dim), np.nan, np.float32)
        values[[names[path] for path in found.paths]] = found.values
        failed = [crop for crop in crops if isinstance(crop, FailedBox)]
        failed += [FailedBox(image.path, image.error, names[image.path]) for image in found.failed]
        failed.sort(key=lambda box: box.index)
        return Features(values, tuple(names), tuple(failed), self.digest)

    def _require_same_process(self) -> None:
        process = os.getpid()
        if self._process is None:
            self._process = process
        elif self._process != process:
            raise ForkedProcessError(
                "This FeatureExtractor was used before the process was forked, and torch's threads "
                "do not survive a fork. Start processes with multiprocessing.get_context('spawn'), "
                "or fork before the first use; with num_workers=0, before creating it."
            )

    def __reduce__(self) -> tuple[object, ...]:
        if digest_of(self._encoder, self.options) != self.digest:
            raise InvalidInputError(
                "The encoder has changed since this FeatureExtractor was created, so that a copy "
                "would compute other features. Create a new FeatureExtractor and send that."
            )
        return _rebuild, (self._encoder, self.options, self.channel_order)


def _rebuild(
    encoder: Encoder, options: ExtractOptions, channel_order: ChannelOrder | None
) -> FeatureExtractor:
    return FeatureExtractor(encoder, options, channel_order=channel_order)


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
    return _extract(images, prepared, options, digest_of(encoder, options), progress)


def digest_of(encoder: Encoder, options: ExtractOptions) -> str:
    """Return the digest of the features that an encoder computes with these options."""
    return feature_digest(describe_features(encoder, options))


def _extract(
    images: Iterable[NamedImage],
    encoder: PreparedEncoder,
    options: ExtractOptions,
    digest: str,
    progress: Progress | None = None,
) -> Features:
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
