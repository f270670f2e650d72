"""Textures as input images."""

from reid_align.batches.sources.training_source import CompanionKind, Pixels, TrainingSource
from reid_align.uv import IUV


class TextureInput(TrainingSource):
    """A source that returns the textures of another source as images; no dense pose maps.

    Args:
        source: source with textures.

    Raises:
        InvalidInputError: the source has no textures.

    Source: SAN (arXiv:1905.13143) section 4.3, where textures are the input of an encoder.
    """

    advice = "Dense pose maps belong to images, and the input is textures."

    def __init__(self, source: TrainingSource) -> None:
        source.require("texture")
        iuv_only: frozenset[CompanionKind] = frozenset({"iuv"})
        self._source = source
        self.name = f"textures of {source.name}"
        self.person_ids, self.camera_ids = source.person_ids, source.camera_ids
        self.holds = source.holds - iuv_only
        self.texture_mask = source.texture_mask

    def image(self, index: int) -> Pixels:
        """Read the texture of the person in an image."""
        return self._source.texture(index)

    def texture(self, index: int) -> Pixels:
        """Read the texture of the person in an image."""
        return self._source.texture(index)

    def frontal(self, index: int) -> Pixels:
        """Read the frontal view of the person in an image."""
        return self._source.frontal(index)

    def external(self, index: int) -> Pixels:
        """Read the target image that the user supplied for an image."""
        return self._source.external(index)

    def iuv(self, index: int) -> IUV:
        """Raise InvalidInputError: textures have no dense pose maps."""
        raise self.missing("iuv")

    def fingerprint(self) -> str:
        """Return the fingerprint of the source, marked as textures."""
        return f"textures-{self._source.fingerprint()}"
