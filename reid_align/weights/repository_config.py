"""``config.json`` of an encoder repository: how to build the encoder and verify its file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from reid_align.errors import InvalidInputError, WeightsFormatError
from reid_align.preprocess import Preprocess
from reid_align.typed_reading import SCHEMA, parse_document, read_record
from reid_align.weights.manifest_records import (
    SHA256,
    Argument,
    require,
    require_arguments,
    require_fingerprint,
    require_text,
)


@dataclass(frozen=True)
class RepositoryConfig:
    """Contents of ``config.json``, next to ``model.safetensors``.

    ``bytes`` and ``sha256`` describe ``model.safetensors``; ``library_version`` is the version of
    reid_align that wrote both files.

    Raises:
        InvalidInputError: a value is invalid; the message starts with the key.
    """

    architecture: str
    arch_args: Mapping[str, Argument] = field(hash=False)
    preprocess: Preprocess
    feature_dim: int
    parameters: int
    bytes: int
    sha256: str
    fingerprint: tuple[float, ...]
    library_version: str

    def __post_init__(self) -> None:
        require_arguments(self.arch_args)
        for key in ("feature_dim", "parameters", "bytes"):
            require(getattr(self, key) > 0, key, getattr(self, key), "at least 1")
        require_text("sha256", self.sha256, SHA256, "64 hex digits in lower case")
        require_fingerprint(self.fingerprint)

    def to_json(self) -> str:
        """Return the text of the file; equal records give equal bytes."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=2, allow_nan=False) + "\n"


def read_repository_config(path: Path) -> RepositoryConfig:
    """Read the ``config.json`` of an encoder repository.

    Raises:
        WeightsFormatError: the content is invalid; the message names the file and the key.
    """
    try:
        return read_record(RepositoryConfig, parse_document(path.read_text(encoding="utf-8")))
    except (InvalidInputError, UnicodeDecodeError) as error:
        raise WeightsFormatError(f"{path} is not a reid_align config: {error}.") from error
