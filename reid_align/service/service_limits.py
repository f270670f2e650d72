"""Limits of requests to the service."""

from dataclasses import dataclass, fields

from reid_align.checks import at_least_one
from reid_align.images import MAX_PIXELS


@dataclass(frozen=True)
class ServiceLimits:
    """Limits of a request and of all requests together.

    Attributes:
        body_bytes: size of a request body.
        images: images of a request.
        pixels: pixels of an image, width × height.
        hits: hits of a query (``k``).
        queued_images: images of all requests that wait or are being encoded.
        requests: requests in progress.

    Raises:
        InvalidInputError: a limit is below 1.
    """

    body_bytes: int = 32 * 2**20
    images: int = 64
    pixels: int = 12_000_000
    hits: int = 1000
    queued_images: int = 256
    requests: int = 256

    def __post_init__(self) -> None:
        for entry in fields(self):
            at_least_one(entry.name, getattr(self, entry.name))
        # A larger image cannot be decoded, and a larger request would never be accepted.
        object.__setattr__(self, "pixels", min(self.pixels, MAX_PIXELS))
        object.__setattr__(self, "images", min(self.images, self.queued_images))
