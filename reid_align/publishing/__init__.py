"""Publishing of weights: model cards, bundling in the package, upload to the Hub."""

from reid_align.publishing.bundle import bundle_weights
from reid_align.publishing.encoder_average import average_encoders
from reid_align.publishing.hub_folder import build_hub_folder
from reid_align.publishing.hub_push import describe_push, push_hub_folder
from reid_align.publishing.manifest_entries import ManifestUpdate
from reid_align.publishing.pin import pin_commit
from reid_align.publishing.publication import Publication, gather_publication
from reid_align.publishing.release import HubTarget, describe_release, release_weights

__all__ = [
    "HubTarget",
    "ManifestUpdate",
    "Publication",
    "average_encoders",
    "build_hub_folder",
    "bundle_weights",
    "describe_push",
    "describe_release",
    "gather_publication",
    "pin_commit",
    "push_hub_folder",
    "release_weights",
]
