"""Operations of the service: encode, search, add, remove and compare images."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reid_align.calibration import Calibration, PairDecision, pair_distances, require_prior
from reid_align.cores import available_cores
from reid_align.errors import InvalidInputError
from reid_align.features import ExtractOptions, FeatureExtractor, Features, describe_features
from reid_align.features.feature_batches import worker_count
from reid_align.galleries import Gallery
from reid_align.inference.device import default_batch_size, resolve_device
from reid_align.models.encoder import Encoder
from reid_align.retrieval import Hit
from reid_align.service.request_batcher import RequestBatcher
from reid_align.service.service_limits import ServiceLimits
from reid_align.service.service_metrics import ServiceMetrics
from reid_align.service.uploaded_images import UploadedImage, decode_upload

# Every change leaves a small file; merging them keeps searches fast.
_CHANGES_BEFORE_MERGE = 256


class ImageService:
    """Encoder, gallery and calibration for many concurrent requests.

    Args:
        encoder: the encoder; of a gallery with rows, the one that it records.
        options: how features are computed.
        gallery: gallery to search and to extend; None for features and comparison only.
        calibration: calibration of the encoder; None gives distances only.
        prior: share of same-identity pairs that probabilities assume.
        limits: limits of requests.

    Attributes:
        digest: digest of encoder and options, see `Features.digest`.
        limits: the limits.
        metrics: the metrics.

    Raises:
        MixedFeaturesError: the calibration is for another encoder.
        InvalidInputError: the prior is out of range.
    """

    def __init__(
        self,
        encoder: Encoder,
        options: ExtractOptions | None = None,
        *,
        gallery: Gallery | None = None,
        calibration: Calibration | None = None,
        prior: float = 0.5,
        limits: ServiceLimits | None = None,
    ) -> None:
        options = options or ExtractOptions()
        self._extractor = FeatureExtractor(encoder, options)
        self._description = describe_features(encoder, options)
        self._preprocess = encoder.preprocess
        self.digest = self._extractor.digest
        require_prior(prior)
        if calibration is not None:
            calibration.require_digest(self.digest, "the encoder")
        self._gallery, self._calibration, self._prior = gallery, calibration, prior
        self.limits, self.metrics = limits or ServiceLimits(), ServiceMetrics()
        device = resolve_device(str(options.device)).type
        self._batcher = RequestBatcher(
            self._encode,
            batch_size=options.batch_size or default_batch_size(device),
            # On the CPU each batch has its cores; a GPU gets the next batch while it computes one.
            num_threads=max(1, min(worker_count(options), available_cores()))
            if device == "cpu"
            else 2,
            max_images=self.limits.queued_images,
            observe=self.metrics.count_batch,
        )
        self._decoders = ThreadPoolExecutor(available_cores(), "decode")
        self._readers = ThreadPoolExecutor(2, "search")
        self._writer = ThreadPoolExecutor(1, "write")
        self._changes = 0
        self.metrics.add_gauge(
            "reid_align_images_in_progress",
            "Images that wait or are being encoded.",
            lambda: self._batcher.in_progress,
        )

    async def features(self, images: Sequence[UploadedImage]) -> Features:
        """Compute the features of images; one row per image, in order.

        Raises:
            QueueFullError: too many images are in progress.
            ImageReadError: an image cannot be read, or has too many pixels.
        """
        with self._batcher.reserve(len(images)):
            decoded = await asyncio.gather(*map(self._decode, images))
            values = await asyncio.wrap_future(self._batcher.submit(decoded))
        return Features(values, tuple(image.name for image in images), (), self.digest)

    async def search(
        self, images: Sequence[UploadedImage], k: int, where: str | None
    ) -> list[list[Hit]]:
        """Find the k nearest gallery rows of each image, nearest first.

        Raises:
            InvalidInputError: there is no gallery, or the filter is not valid.
            UnknownNameError: the filter names an unknown column.
        """
        gallery = self._require_gallery()
        features = await self.features(images)
        loop = asyncio.get_running_loop()
        answers = await loop.run_in_executor(self._readers, gallery.search, features, k, where)
        return [self._with_probabilities(hits) for hits in answers]

    async def add(
        self,
        images: Sequence[UploadedImage],
        paths: Sequence[str],
        metadata: Sequence[Mapping[str, object]],
    ) -> int:
        """Add images to the gallery: all of them or none. They are on the disk on return.

        Returns:
            The number of rows of the gallery.

        Raises:
            InvalidInputError: there is no gallery, or unusable metadata.
            OutputError: the gallery cannot be written.
        """
        gallery = self._require_gallery()
        features = replace(await self.features(images), paths=tuple(paths))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, self._add, gallery, features, metadata)

    async def remove(self, where: str) -> tuple[int, int]:
        """Remove the gallery rows that match a filter; the change is on the disk on return.

        Returns:
            The number of removed rows and of rows of the gallery.

        Raises:
            InvalidInputError: there is no gallery, or the filter is not valid.
            UnknownNameError: the filter names an unknown column.
            OutputError: the gallery cannot be written.
        """
        gallery = self._require_gallery()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, self._remove, gallery, where)

    async def verify(self, first: UploadedImage, second: UploadedImage) -> PairDecision:
        """Compare two images: distance, and with a calibration probability and decision."""
        features = await self.features([first, second])
        distance = float(pair_distances(features.values, np.array([[0, 1]]))[0])
        if self._calibration is None:
            return PairDecision(first.name, second.name, distance, None, None, None)
        probability = float(self._calibration.probabilities(distance, self._prior))
        threshold = self._calibration.threshold
        same = distance <= threshold
        return PairDecision(first.name, second.name, distance, probability, threshold, same)

    async def rows(self) -> int | None:
        """Return the number of rows of the gallery; None without one."""
        if self._gallery is None:
            return None
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._gallery.count)

    @property
    def is_running(self) -> bool:
        """Whether requests are accepted."""
        return self._batcher.is_running

    def close(self) -> None:
        """Finish what is in progress and stop all threads."""
        self._batcher.close()
        for pool in (self._decoders, self._readers, self._writer):
            pool.shutdown()

    def _require_gallery(self) -> Gallery:
        if self._gallery is None:
            raise InvalidInputError("This service was started without a gallery.")
        return self._gallery

    async def _decode(self, image: UploadedImage) -> NDArray[np.uint8]:
        return await asyncio.get_running_loop().run_in_executor(
            self._decoders, decode_upload, image, self._preprocess, self.limits.pixels
        )

    def _encode(self, images: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return self._extractor(images, "rgb").values

    def _add(
        self, gallery: Gallery, features: Features, metadata: Sequence[Mapping[str, object]]
    ) -> int:
        gallery.add(features, metadata, description=self._description)
        self.metrics.count_rows(len(features.paths))
        return self._merged(gallery)

    def _remove(self, gallery: Gallery, where: str) -> tuple[int, int]:
        removed = gallery.remove(where)
        self.metrics.count_removed(removed)
        return removed, self._merged(gallery)

    def _merged(self, gallery: Gallery) -> int:
        """Merge small files after many changes; return the number of rows."""
        self._changes += 1
        if self._changes % _CHANGES_BEFORE_MERGE == 0:
            gallery.compact()
        return len(gallery)

    def _with_probabilities(self, hits: list[Hit]) -> list[Hit]:
        if self._calibration is None or not hits:
            return hits
        likely = self._calibration.probabilities([hit.distance for hit in hits], self._prior)
        return [
            replace(hit, probability=float(value)) for hit, value in zip(hits, likely, strict=True)
        ]
