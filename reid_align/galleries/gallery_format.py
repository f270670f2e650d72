"""Format of a gallery: its columns, and the description of its features."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reid_align.errors import InvalidInputError
from reid_align.features.feature_files import Json

if TYPE_CHECKING:
    import pyarrow as pa

PATH, VECTOR = "path", "vector"
FORMAT_VERSION = "1"
_FORMAT, _DIGEST, _DESCRIPTION = "reid_align.format", "reid_align.digest", "reid_align.description"


@dataclass(frozen=True)
class GalleryFormat:
    """What a gallery records about its features. Stored as metadata of the column ``vector``.

    Attributes:
        feature_dim: D.
        digest: digest of the features, see `features.feature_digest`; "" if unknown.
        description: how the features were computed, as in ``feats.json``; {} if unknown.
    """

    feature_dim: int
    digest: str
    description: Mapping[str, Json]

    def schema(self) -> "pa.Schema":
        """Return the columns of a gallery without metadata."""
        import pyarrow as pa

        vector = pa.list_(pa.float32(), self.feature_dim)
        return pa.schema(
            [
                pa.field(PATH, pa.string(), nullable=False),
                pa.field(VECTOR, vector, nullable=False, metadata=self.field_metadata()),
            ]
        )

    def field_metadata(self) -> dict[str, str]:
        """Return the metadata of the column ``vector``."""
        return {
            _FORMAT: FORMAT_VERSION,
            _DIGEST: self.digest,
            _DESCRIPTION: json.dumps(dict(self.description)),
        }


def read_format(location: str, schema: "pa.Schema") -> GalleryFormat:
    """Return the format of an existing gallery.

    Raises:
        InvalidInputError: the table was not written by this library, or by another version of it.
    """
    names = schema.names
    field = schema.field(VECTOR) if VECTOR in names and PATH in names else None
    stored = (
        {} if field is None else {k.decode(): v.decode() for k, v in (field.metadata or {}).items()}
    )
    version = stored.get(_FORMAT)
    if field is None or version is None:
        raise InvalidInputError(
            f"{location} is a LanceDB database, but not a gallery of reid_align: its table has the "
            f"columns {', '.join(names)}. Give a gallery, or a new folder."
        )
    if version != FORMAT_VERSION:
        raise InvalidInputError(
            f"{location} has gallery format {version}; this version of reid_align reads format "
            f"{FORMAT_VERSION}. Install the version that wrote it, or create the gallery again."
        )
    return GalleryFormat(
        field.type.list_size,
        stored.get(_DIGEST, ""),
        json.loads(stored.get(_DESCRIPTION, "{}")),
    )
