"""Rate of `extract` on the images of examples/."""

import time
from pathlib import Path

from reid_align.features import ExtractOptions, NamedImage
from reid_align.features.feature_batches import feature_batches
from reid_align.inference.prepared_encoder import PreparedEncoder

EXAMPLES = Path(__file__).parents[2] / "examples"


def example_paths(copies: int) -> list[str]:
    """Return the paths of all examples, repeated."""
    return sorted(map(str, EXAMPLES.glob("*.jpg"))) * copies


def extraction_rate(prepared: PreparedEncoder, paths: list[str], options: ExtractOptions) -> float:
    """Return images per second from files to features, in one pass."""
    began = time.perf_counter()
    found = feature_batches((NamedImage(path, path) for path in paths), prepared, options)
    count = sum(len(batch.paths) for batch in found)
    return count / (time.perf_counter() - began)
