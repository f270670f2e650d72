"""Person re-identification: features, evaluation, and training of SAN and DSA-reID.

>>> from reid_align import extract_features, san_mobilenet_v2
>>> features = extract_features("images/", san_mobilenet_v2(pretrained=True))
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reid_align.features import (
        ExtractOptions,
        FeatureExtractor,
        Features,
        adapt_norms,
        extract_features,
        read_features,
    )
    from reid_align.galleries import Gallery
    from reid_align.models import (
        Encoder,
        create_model,
        dsa_reid,
        from_pretrained,
        list_models,
        list_weights,
        push_to_hub,
        resnet50_baseline,
        san_mobilenet_v2,
        san_resnet50,
        save_pretrained,
    )
    from reid_align.retrieval import GalleryFeatures, Hit, QueryHits, SearchOptions, search_images

__version__ = "0.2.0"

__all__ = [
    "Encoder",
    "ExtractOptions",
    "FeatureExtractor",
    "Features",
    "Gallery",
    "GalleryFeatures",
    "Hit",
    "QueryHits",
    "SearchOptions",
    "__version__",
    "adapt_norms",
    "create_model",
    "dsa_reid",
    "extract_features",
    "from_pretrained",
    "list_models",
    "list_weights",
    "push_to_hub",
    "read_features",
    "resnet50_baseline",
    "san_mobilenet_v2",
    "san_resnet50",
    "save_pretrained",
    "search_images",
]

_FROM_FEATURES = {
    "ExtractOptions",
    "FeatureExtractor",
    "Features",
    "adapt_norms",
    "extract_features",
    "read_features",
}
_FROM_RETRIEVAL = {"GalleryFeatures", "Hit", "QueryHits", "SearchOptions", "search_images"}


def __getattr__(name: str) -> object:
    """Import a public name on first use: `import reid_align` alone loads no dependency."""
    if name not in __all__:
        raise AttributeError(f"module 'reid_align' has no attribute {name!r}")
    part = "models"
    if name in _FROM_FEATURES:
        part = "features"
    elif name in _FROM_RETRIEVAL:
        part = "retrieval"
    elif name == "Gallery":
        part = "galleries"
    value: object = getattr(import_module(f"reid_align.{part}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
