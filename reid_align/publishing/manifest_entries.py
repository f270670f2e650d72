"""Manifest entry of a publication, and the update of the manifest with it."""

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
    """Options for adding an entry to a manifest.

    Attributes:
        manifest: the manifest file.
        default: make the weights the default of ``pretrained=True``.
        replace: allow replacing an existing entry of the same name.
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
    """Return the manifest entry of a publication stored in ``file``.

    Raises:
        InvalidInputError: a value is invalid, or neither ``hub`` nor ``bundled`` is given.
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
    """Check in advance that `update_manifest` will succeed.

    Args:
        update: options of the entry.
        name: name of the entry.
        bundled: whether its file will be inside the package.

    Raises:
        ManifestError: the manifest is invalid.
        InvalidInputError: the name is taken, or a Hub entry would replace a bundled one.
        OutputError: the manifest is not writable.
    """
    earlier = _read(update.manifest).get(name)
    if earlier is not None:
        _check_replaceable(earlier, update, bundled)
    effective = os.access in os.supports_effective_ids
    if not os.access(update.manifest.parent, os.W_OK, effective_ids=effective):
        raise OutputError(
            f"{update.manifest} is not writable. Use a checkout, or another manifest when "
            "publishing on the Hub."
        )


def update_manifest(entry: Weights, update: ManifestUpdate) -> Weights:
    """Add an entry to the manifest. The write is atomic.

    If it replaces a default entry, it becomes the default.

    Returns:
        The entry as written.

    Raises:
        ManifestError: the manifest is invalid.
        InvalidInputError: the name is taken, or a Hub entry would replace a bundled one.
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
    """Refuse other weights for an existing name."""
    if earlier.bundled is not None and not bundled:
        raise InvalidInputError(
            f"{update.manifest}: {earlier.name} is bundled with the package and works offline. "
            f"Use another tag for weights on the Hub, such as {earlier.name}_full."
        )
    if not update.replace:
        raise InvalidInputError(
            f"{update.manifest} already has an entry {earlier.name}. Use another tag, or allow "
            "replacing it (replace=True)."
        )


def _read(manifest: Path) -> dict[str, Weights]:
    with writing(manifest, "Use another manifest when publishing on the Hub."):
        text = manifest.read_text("utf-8")
    return parse_manifest(text, str(manifest))
