"""Encoder prepared once for many calls: `FeatureExtractor`."""

import os
from dataclasses import replace

import numpy as np

from reid_align.errors import ForkedProcessError, InvalidInputError
from reid_align.features.extract_options import ExtractOptions
from reid_align.features.feature_batches import prepare_encoder, worker_count
from reid_align.features.feature_matrix import Features
from reid_align.features.frame_crops import Boxes, FailedBox, Frame, box_name, frame_crops
from reid_align.features.image_inputs import ChannelOrder, ImageInputs, NamedImage, named_images
from reid_align.features.in_memory_extraction import digest_of, extract_prepared
from reid_align.models.encoder import Encoder


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
        return extract_prepared(images, self._prepared, self.options, self.digest)

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
        found = extract_prepared(images, self._prepared, options, self.digest)
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
