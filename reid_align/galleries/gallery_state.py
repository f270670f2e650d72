"""State of a stored gallery: location, table, columns, and the recorded encoder."""

from typing import TYPE_CHECKING, Any

from reid_align.features.feature_files import Json
from reid_align.galleries.gallery_format import PATH, VECTOR, GalleryFormat, read_format
from reid_align.galleries.gallery_reading import condition
from reid_align.galleries.gallery_tables import open_table
from reid_align.galleries.lance_errors import filtering, storing
from reid_align.galleries.metadata_columns import type_name

if TYPE_CHECKING:
    from lancedb.table import Table


class GalleryState:
    """State of a gallery, read from the disk on each access.

    Attributes:
        location: the folder or address.
    """

    def __init__(self, location: str, database: Any) -> None:  # noqa: ANN401
        self.location = location
        self._database = database

    def __len__(self) -> int:
        return self.count()

    def count(self, where: str | None = None) -> int:
        """Return the number of rows, of those that match an SQL filter if one is given."""
        table = self._table()
        if table is None:
            return 0
        with storing(self.location, "read"), filtering(where, table.schema.names):
            return int(table.count_rows(condition(where)))

    @property
    def digest(self) -> str:
        """Digest of the features, see `Features.digest`; "" if unknown or empty."""
        found = self._format()
        return "" if found is None else found.digest

    @property
    def feature_dim(self) -> int | None:
        """D; None before the first row is added."""
        found = self._format()
        return None if found is None else found.feature_dim

    @property
    def description(self) -> dict[str, Json]:
        """How the features were computed, as in ``feats.json``; {} if unknown."""
        found = self._format()
        return {} if found is None else dict(found.description)

    @property
    def columns(self) -> dict[str, str]:
        """Metadata columns and their types: "bool", "int", "float", "str" or "datetime"."""
        table = self._table()
        if table is None:
            return {}
        with storing(self.location, "read"):
            fields = list(table.schema)
        return {f.name: type_name(f.type) for f in fields if f.name not in (PATH, VECTOR)}

    def _table(self) -> "Table | None":
        """Return the table, or None before the first row is added."""
        with storing(self.location, "read"):
            return open_table(self._database)

    def _format(self) -> GalleryFormat | None:
        table = self._table()
        return None if table is None else read_format(self.location, table.schema)
