"""The weights manifest ``weights_manifest.json``: all published weights and their metadata."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import MappingProxyType

from reid_align.errors import InvalidInputError, ManifestError, UnknownNameError
from reid_align.typed_reading import SCHEMA, parse_document, read_object, read_record
from reid_align.weights.manifest_records import Weights

MANIFEST_NAME = "weights_manifest.json"
PACKAGE = Path(__file__).parents[1]


def parse_manifest(text: str, source: str) -> dict[str, Weights]:
    """Parse a manifest into records by name, sorted.

    Args:
        text: JSON, ``{"schema": 1, "weights": {name: {…}}}``.
        source: the file, for messages.

    Raises:
        ManifestError: a key is missing or unknown, a value is invalid, or an architecture has two
            default entries.
    """
    try:
        document = parse_document(text)
        if set(document) != {"weights"}:
            raise InvalidInputError(f"expected the keys schema and weights, got {sorted(document)}")
        entries = read_object(document["weights"])
    except InvalidInputError as error:
        raise ManifestError(f"{source}: {error}.") from error
    weights = {name: _read_entry(name, entries[name], source) for name in sorted(entries)}
    defaults = Counter(entry.architecture for entry in weights.values() if entry.default)
    for architecture, count in defaults.items():
        if count > 1:
            raise ManifestError(
                f"{source}: default: {architecture} has {count} default entries; one is allowed."
            )
    return weights


def format_manifest(weights: Iterable[Weights]) -> str:
    """Return the manifest of these weights as JSON; equal records give equal bytes.

    Entries are sorted by name. Each key is on one line, in the order of the record's fields.

    Raises:
        ManifestError: the records conflict with each other.
    """
    entries = [_format_entry(entry) for entry in sorted(weights, key=lambda entry: entry.name)]
    body = "{\n" + ",\n".join(entries) + "\n  }" if entries else "{}"
    text = f'{{\n  "schema": {SCHEMA},\n  "weights": {body}\n}}\n'
    parse_manifest(text, "the manifest to write")
    return text


def find_manifest() -> Path:
    """Return the shipped manifest: inside an installed package, or next to it in a checkout.

    Raises:
        ManifestError: it is in neither place.
    """
    places = (PACKAGE / MANIFEST_NAME, PACKAGE.parent / MANIFEST_NAME)
    for place in places:
        if place.is_file():
            return place
    looked = " and ".join(map(str, places))
    raise ManifestError(f"No weights manifest found at {looked}. Reinstall reid_align.")


@cache
def shipped_weights() -> Mapping[str, Weights]:
    """Return the records of the shipped manifest by name; read once per process."""
    path = find_manifest()
    return MappingProxyType(parse_manifest(path.read_text(encoding="utf-8"), str(path)))


def find_weights(
    weights: Mapping[str, Weights], architecture: str, tag: str | None = None
) -> Weights:
    """Return the weights of an architecture with this tag, or its default weights.

    Raises:
        UnknownNameError: there are none; the message lists the tags.
    """
    mine = {entry.tag: entry for entry in weights.values() if entry.architecture == architecture}
    defaults = [entry for entry in mine.values() if entry.default]
    if tag is None and defaults:
        return defaults[0]
    if tag is None or tag not in mine:
        raise UnknownNameError(f"tag of {architecture}", tag or "default", mine)
    return mine[tag]


def _read_entry(name: str, value: object, source: str) -> Weights:
    try:
        return read_record(Weights, value, name=name)
    except InvalidInputError as error:
        raise ManifestError(f"{source}: entry {name!r}: {error}.") from error


def _format_entry(entry: Weights) -> str:
    values = asdict(entry)
    name = values.pop("name")
    lines = (f"      {json.dumps(key)}: {json.dumps(value)}" for key, value in values.items())
    return f"    {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n    }"
