"""Search, comparison and explanation behind the page, without Gradio."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reid_align.calibration import CARRY_OVER_NOTE, Calibration, pair_distances, require_prior
from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.explanation import explain_image, explain_pair
from reid_align.features import ExtractOptions, FeatureExtractor, require_same_digest
from reid_align.images import decode_image
from reid_align.models.encoder import Encoder
from reid_align.retrieval import GalleryFeatures, nearest_rows
from reid_align.retrieval.search_hits import probability_text
from reid_align.unwrapping import Unwrapper

Pixels = NDArray[np.uint8]
THUMBNAIL = 320


@dataclass(frozen=True, eq=False)
class ShownHit:
    """A hit as the page shows it.

    Attributes:
        row: row of the gallery.
        path: path as recorded in the gallery.
        image: thumbnail, or a gray one with the reason.
        caption: rank, distance, and with a calibration probability and decision.
    """

    row: int
    path: str
    image: Image.Image
    caption: str


class DemoEngine:
    """Encoder, gallery, calibration and texture networks of the page.

    Args:
        encoder: the encoder of the gallery.
        options: how its features are computed.
        gallery: the gallery.
        calibration: calibration of the encoder; None shows distances only.
        prior: share of same-identity pairs that probabilities assume.
        unwrapper: networks that compute textures; None shows none.

    Raises:
        InvalidInputError: the gallery is empty, or the prior is out of range.
        MixedFeaturesError: gallery or calibration are of another encoder.
    """

    def __init__(
        self,
        encoder: Encoder,
        options: ExtractOptions,
        gallery: GalleryFeatures,
        *,
        calibration: Calibration | None = None,
        prior: float = 0.5,
        unwrapper: Unwrapper | None = None,
    ) -> None:
        if not len(gallery.features.values):
            raise InvalidInputError("The gallery is empty. Add images first.")
        self.encoder, self.gallery, self.calibration = encoder, gallery, calibration
        self._prior, self._unwrapper, self._device = prior, unwrapper, str(options.device)
        self._extractor = FeatureExtractor(encoder, options)
        digest = self._extractor.digest
        require_same_digest(gallery.features.digest, digest, "the gallery", "the encoder")
        require_prior(prior)
        if calibration is not None:
            calibration.require_digest(digest, "the encoder")

    @property
    def files(self) -> list[str]:
        """File of each gallery image; "" if it is missing."""
        return [image.file if image.key is not None else "" for image in self.gallery.files]

    @property
    def has_textures(self) -> bool:
        """Whether `texture` returns one."""
        return self._unwrapper is not None

    def search(self, query: Pixels, k: int, without: int | None = None) -> list[ShownHit]:
        """Find the k nearest gallery images.

        Args:
            query: (H, W, 3) RGB.
            k: number of hits.
            without: row to leave out, of a query that is from the gallery.
        """
        allowed = np.ones(len(self.gallery.features.paths), np.bool_)
        if without is not None:
            allowed[without] = False
        values = self._extractor(query, "rgb").values
        found = nearest_rows(values, self.gallery.features.values, k, allowed=allowed)
        pairs = zip(found.rows[0].tolist(), found.distances[0].tolist(), strict=True)
        return [
            self._shown(row, f"{rank}: {self._decision(distance)}")
            for rank, (row, distance) in enumerate(pairs, 1)
            if row >= 0
        ]

    def compare(self, first: Pixels, second: Pixels) -> str:
        """Return distance, probability and decision for two images as Markdown."""
        values = self._extractor([first, second], "rgb").values
        distance = float(pair_distances(values, np.array([[0, 1]]))[0])
        if self.calibration is None:
            return (
                f"### distance {distance:.3f}\n\nNo decision: there is no calibration for this "
                "encoder. Label pairs of your images, then run `calibrate`."
            )
        likely = float(self.calibration.probabilities(distance, self._prior))
        same = distance <= self.calibration.threshold
        sign = "✓ same person" if same else "✗ different people"
        return (
            f"### {sign}\n\nprobability {probability_text(likely)}, distance {distance:.3f}, "
            f"threshold {self.calibration.threshold:.3f}\n\n{self.caution()}"
        )

    def explain(self, first: Pixels, second: Pixels | None = None) -> Image.Image | str:
        """Draw where the encoder looks, and which regions of two images match; or say why not."""
        encoder, device = self.encoder, self._device
        try:
            if second is None:
                found = explain_image(first, encoder, device=device, channel_order="rgb")
            else:
                found = explain_pair(first, second, encoder, device=device, channel_order="rgb")
            return found.draw()
        except InvalidInputError as error:
            return str(error)

    def texture(self, image: Pixels) -> Image.Image | None:
        """Return the texture of an image; None without the networks."""
        if self._unwrapper is None:
            return None
        resized = np.stack([self._unwrapper.preprocess.resize(image)])
        return Image.fromarray(self._unwrapper(resized)[0])

    def pixels(self, row: int) -> Pixels | str:
        """Return a gallery image, (H, W, 3) RGB, or the reason why it cannot be read."""
        image = self.gallery.files[row]
        if image.key is None:
            return "the file is missing"
        try:
            return decode_image(image.file)
        except ImageReadError as error:
            return error.reason

    def caution(self) -> str:
        """Describe what the probabilities assume; "" without a calibration."""
        if self.calibration is None:
            return ""
        return (
            f"✓ and ✗: the decision. Probabilities assume that {probability_text(self._prior)} of "
            f"the compared pairs show the same person, and images like those of the calibration "
            f"({self.calibration.place})."
            + (f" {CARRY_OVER_NOTE}" if self.calibration.is_shipped else "")
        )

    def summary(self) -> str:
        """Describe gallery, encoder and calibration in one line."""
        count = len(self.gallery.features.paths)
        images = "1 image" if count == 1 else f"{count:,} images"
        place = "none" if self.calibration is None else self.calibration.place
        return f"Gallery: {images}. Encoder: {self.encoder.origin.name}. Calibration: {place}."

    def _shown(self, row: int, caption: str) -> ShownHit:
        return ShownHit(row, self.gallery.features.paths[row], self._thumbnail(row), caption)

    def _decision(self, distance: float) -> str:
        if self.calibration is None:
            return f"distance {distance:.3f}"
        likely = float(self.calibration.probabilities(distance, self._prior))
        mark = "✓" if distance <= self.calibration.threshold else "✗"
        return f"{mark} {probability_text(likely)}, distance {distance:.3f}"

    def _thumbnail(self, row: int) -> Image.Image:
        found = self.pixels(row)
        if isinstance(found, str):
            blank = Image.new("RGB", (THUMBNAIL // 2, THUMBNAIL), (200, 200, 200))
            ImageDraw.Draw(blank).text((8, THUMBNAIL // 2), found[:40], fill=(60, 60, 60))
            return blank
        image = Image.fromarray(found)
        scale = THUMBNAIL / image.height
        size = max(1, round(image.width * scale)), THUMBNAIL
        return image.resize(size, Image.Resampling.BICUBIC)
