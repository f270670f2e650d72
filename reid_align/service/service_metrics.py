"""Metrics of the service in the text format of Prometheus."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class ServiceMetrics:
    """Counters, histograms and gauges of one service."""

    def __init__(self) -> None:
        disable_created_metrics()
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "reid_align_requests",
            "Requests by path and status code.",
            ("path", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "reid_align_request_seconds",
            "Duration of requests by path.",
            ("path",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._images = Counter(
            "reid_align_encoded_images", "Images encoded.", registry=self._registry
        )
        self._batches = Histogram(
            "reid_align_batch_images",
            "Images per batch.",
            buckets=_BATCH_SIZES,
            registry=self._registry,
        )
        self._added = Counter(
            "reid_align_added_rows", "Rows added to the gallery.", registry=self._registry
        )
        self._removed = Counter(
            "reid_align_removed_rows", "Rows removed from the gallery.", registry=self._registry
        )

    def count_request(self, path: str, status: int, seconds: float) -> None:
        """Count a finished request."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def count_batch(self, images: int) -> None:
        """Count a batch of encoded images."""
        self._images.inc(images)
        self._batches.observe(images)

    def count_rows(self, rows: int) -> None:
        """Count rows added to the gallery."""
        self._added.inc(rows)

    def count_removed(self, rows: int) -> None:
        """Count rows removed from the gallery."""
        self._removed.inc(rows)

    def add_gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Add a gauge that is read when the metrics are."""
        Gauge(name, text, registry=self._registry).set_function(value)

    def text(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(self._registry)
