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
from reid_align.weights.checksums import sha256_of
from reid_align.weights.manifest_records import StorageDtype


@dataclasses.dataclass(frozen=True)
class ManifestUpdate:
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
    dtype: StorageDtype,
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


def check_manifest_update(update: ManifestUpdate, name: str, *, bundled: bool) -> None:
    """Refuse, before anything is done, what `update_manifest` would refuse in the end.

    Args:
        update: how the entry will get into the manifest.
        name: of the entry.
        bundled: whether its file will be inside the package.

    Raises:
        ManifestError: the manifest is damaged.
        InvalidInputError: the name is taken, or the Hub would take it from the package.
        OutputError: the manifest may not be written.
    """
    earlier = _read(update.manifest).get(name)
    if earlier is not None:
        _check_replaceable(earlier, update, bundled)
    effective = os.access in os.supports_effective_ids
    if not os.access(update.manifest.parent, os.W_OK, effective_ids=effective):
        raise OutputError(
            f"{update.manifest} may not be written. Work in a checkout of your own, or let pin or "
            "release write another manifest: --manifest."
        )


def update_manifest(entry: Weights, update: ManifestUpdate) -> Weights:
    """Write an entry into the manifest, which is replaced whole or not at all.

    An entry that is replaced leaves its place as the default to the new one.

    Returns:
        The entry as it is listed.

    Raises:
        ManifestError: the manifest is damaged.
        InvalidInputError: the name is taken, or the Hub would take it from the package.
        OutputError: the manifest cannot be written.
    """
    check_manifest_update(update, entry.name, bundled=entry.bundled is not None)
    entries = _read(update.manifest)
    earlier = entries.get(entry.name)
    default = update.default or (earlier is not None and earlier.default)
    entries[entry.name] = dataclasses.replace(entry, default=default)
    if default:
        for other in entries.values():
            if other.architecture == entry.architecture and other.name != entry.name:
                entries[other.name] = dataclasses.replace(other, default=False)
    text = format_manifest(entries.values())
    with writing(update.manifest):
        replace_file(update.manifest, text.encode())
    return entries[entry.name]


def _check_replaceable(earlier: Weights, update: ManifestUpdate, bundled: bool) -> None:
    """Refuse other weights for a name that users know."""
    if earlier.bundled is not None and not bundled:
        raise InvalidInputError(
            f"{earlier.name} is inside the package and works with no network, says "
            f"{update.manifest}; from the Hub it would not. Give what goes to the Hub a tag of "
            f"its own: {earlier.name}_full."
        )
    if not update.replace:
        raise InvalidInputError(
            f"{update.manifest} has an entry {earlier.name} already. Users know its weights by "
            "that name: give new ones another tag, or replace it with --replace."
        )


def _read(manifest: Path) -> dict[str, Weights]:
    with writing(manifest, "pin and release take another manifest: --manifest."):
        text = manifest.read_text("utf-8")
    return parse_manifest(text, str(manifest))
