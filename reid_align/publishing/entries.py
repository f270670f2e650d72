"""The manifest's entry of a publication, and how it gets into the manifest."""

import dataclasses
import os
from pathlib import Path

from reid_align.errors import InvalidInputError, OutputError
from reid_align.files import replace_file, writing
from reid_align.models import Encoder
from reid_align.publishing.publication import Publication
from reid_align.weights import (
    HubFile,
    Metrics,
    Weights,
    find_manifest,
    format_manifest,
    parse_manifest,
)
from reid_align.weights.files import sha256_of
from reid_align.weights.records import StorageType


@dataclasses.dataclass(frozen=True)
class Listing:
    """How an entry gets into a manifest.

    Attributes:
        manifest: the file.
        default: these weights become those that ``pretrained=True`` gives.
        replace: an entry of that name may be replaced by other weights.
    """

    manifest: Path = dataclasses.field(default_factory=find_manifest)
    default: bool = False
    replace: bool = False


def make_entry(
    publication: Publication,
    file: Path,
    dtype: StorageType,
    fingerprint: tuple[float, ...],
    metrics: list[Metrics],
    *,
    hub: HubFile | None = None,
    bundled: str | None = None,
) -> Weights:
    """Return the record of a publication, stored in ``file``.

    Raises:
        InvalidInputError: a value is not allowed; also if it is neither on the Hub nor bundled.
    """
    trained, card = publication.trained, publication.card
    network = trained.network
    return Weights(
        publication.name,
        trained.kind,
        network.architecture,
        dict(network.arch_args),
        False,
        hub,
        bundled,
        file.stat().st_size,
        sha256_of(file),
        dtype,
        sum(parameter.numel() for parameter in network.parameters()),
        network.feature_dim if isinstance(network, Encoder) else None,
        trained.preprocess,
        card.training_data,
        publication.recipe,
        card.license,
        tuple(metrics),
        fingerprint,
    )


def check_listing(listing: Listing, name: str, *, bundled: bool) -> None:
    """Refuse, before anything is done, what `list_entry` would refuse in the end.

    Args:
        listing: how the entry will get into the manifest.
        name: of the entry.
        bundled: whether its file will be inside the package.

    Raises:
        ManifestError: the manifest is damaged.
        InvalidInputError: the name is taken, or the Hub would take it from the package.
        OutputError: the manifest may not be written.
    """
    earlier = _read(listing.manifest).get(name)
    if earlier is not None:
        _check_replaceable(earlier, listing, bundled)
    effective = os.access in os.supports_effective_ids
    if not os.access(listing.manifest.parent, os.W_OK, effective_ids=effective):
        raise OutputError(
            f"{listing.manifest} may not be written. Work in a checkout of your own, or let pin or "
            "release write another manifest: --manifest."
        )


def list_entry(entry: Weights, listing: Listing) -> Weights:
    """Write an entry into the manifest, which is replaced whole or not at all.

    An entry that is replaced leaves its place as the default to the new one.

    Returns:
        The entry as it is listed.

    Raises:
        ManifestError: the manifest is damaged.
        InvalidInputError: the name is taken, or the Hub would take it from the package.
        OutputError: the manifest cannot be written.
    """
    check_listing(listing, entry.name, bundled=entry.bundled is not None)
    entries = _read(listing.manifest)
    earlier = entries.get(entry.name)
    default = listing.default or (earlier is not None and earlier.default)
    entries[entry.name] = dataclasses.replace(entry, default=default)
    if default:
        for other in entries.values():
            if other.architecture == entry.architecture and other.name != entry.name:
                entries[other.name] = dataclasses.replace(other, default=False)
    text = format_manifest(entries.values())
    with writing(listing.manifest):
        replace_file(listing.manifest, text.encode())
    return entries[entry.name]


def _check_replaceable(earlier: Weights, listing: Listing, bundled: bool) -> None:
    """Refuse other weights for a name that users know."""
    if earlier.bundled is not None and not bundled:
        raise InvalidInputError(
            f"{earlier.name} is inside the package and works with no network, says "
            f"{listing.manifest}; from the Hub it would not. Give what goes to the Hub a tag of "
            f"its own: {earlier.name}_full."
        )
    if not listing.replace:
        raise InvalidInputError(
            f"{listing.manifest} has an entry {earlier.name} already. Users know its weights by "
            "that name: give new ones another tag, or replace it with --replace."
        )


def _read(manifest: Path) -> dict[str, Weights]:
    with writing(manifest, "pin and release take another manifest: --manifest."):
        text = manifest.read_text("utf-8")
    return parse_manifest(text, str(manifest))
