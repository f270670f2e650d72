"""Textures in place of images, as input."""

from reid_align.batches.sources.base import Extra, Pixels, Source
from reid_align.uv import IUV


class TextureInput(Source):
    """A source whose images are the textures of another one; it holds no dense maps.

    Args:
        source: with textures.

    Raises:
        InvalidInputError: it has none.

    Source: SAN (arXiv:1905.13143) section 4.3, which tries textures as the input of an encoder.
    """

    advice = "Textures as input have no dense maps: a dense map belongs to a image."

    def __init__(self, source: Source) -> None:
        source.require("texture")
        no_maps: frozenset[Extra] = frozenset({"iuv"})
        self._source = source
        self.name = f"textures of {source.name}"
        self.person_ids, self.camera_ids = source.person_ids, source.camera_ids
        self.holds = source.holds - no_maps
        self.texture_mask = source.texture_mask

    def image(self, index: int) -> Pixels:
        """Return the texture of the person on a image."""
        return self._source.texture(index)

    def texture(self, index: int) -> Pixels:
        """Return the texture of the person on a image."""
        return self._source.texture(index)

    def frontal(self, index: int) -> Pixels:
        """Return the person on a image as seen from the front."""
        return self._source.frontal(index)

    def external(self, index: int) -> Pixels:
        """Return the image to be drawn from a image, as the user supplied it."""
        return self._source.external(index)

    def iuv(self, index: int) -> IUV:
        """Refuse: there is no map.

        Raises:
            InvalidInputError: always.
        """
        raise self.lacks("iuv")

    def fingerprint(self) -> str:
        """Return that of the source, marked as textures."""
        return f"textures-{self._source.fingerprint()}"
