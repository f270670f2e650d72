"""HTTP service: features, search, additions to a gallery, and comparison of two images."""

from reid_align.service.http_app import create_app
from reid_align.service.image_service import ImageService
from reid_align.service.listen_address import is_loopback, read_token, require_token
from reid_align.service.request_batcher import QueueFullError, RequestBatcher
from reid_align.service.service_limits import ServiceLimits
from reid_align.service.service_server import serve_app

__all__ = [
    "ImageService",
    "QueueFullError",
    "RequestBatcher",
    "ServiceLimits",
    "create_app",
    "is_loopback",
    "read_token",
    "require_token",
    "serve_app",
]
