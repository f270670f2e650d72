"""Gallery of features that is stored on disk, grows, and can be filtered by metadata."""

import os
import warnings
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from reid_align.checks import at_least_zero
from reid_align.errors import InvalidInputError, MissingExtraError
from reid_align.features import Features, feature_digest, require_same_digest
from reid_align.features.feature_files import Json
from reid_align.galleries.commit_retries import commit
from reid_align.galleries.gallery_format import VECTOR, GalleryFormat
from reid_align.galleries.gallery_location import DiskSync, check_location, is_remote
from reid_align.galleries.gallery_reading import in_parentheses
from reid_align.galleries.gallery_tables import create_table, record_format, with_columns
from reid_align.galleries.lance_errors import filtering, storing
from reid_align.galleries.metadata_columns import metadata_columns
from reid_align.galleries.new_rows import check_new_rows, row_table
from reid_align.galleries.searchable_gallery import SearchableGallery

_INDEX_ROWS = 1000


class Gallery(SearchableGallery):
    """Features with paths and metadata in an embedded LanceDB database.

    Every change is one commit: a process that is killed loses only the change it was making, and
    readers see all of a change or nothing. Several processes may read and write one gallery at the
    same time; each opens it itself, because LanceDB does not work across ``fork``.

    Open a gallery with `Gallery.open`.

    Attributes:
        location: the folder or address.
    """

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        create: bool = True,
        storage_options: Mapping[str, str] | None = None,
    ) -> "Gallery":
        """Open a gallery, or create an empty one.

        Args:
            folder: a folder, or an address of LanceDB, such as ``s3://bucket/gallery``.
            create: create the gallery if the folder does not exist or is empty.
            storage_options: options of the object store, for an address.

        Raises:
            MissingExtraError: LanceDB is not installed.
            InvalidInputError: the folder is not a gallery, or is of another format version.
            OutputError: the folder cannot be read or created.
        """
        location = os.fspath(folder)
        try:
            import lancedb
        except ImportError as error:
            raise MissingExtraError("lancedb", "gallery", "A stored gallery") from error
        check_location(location, create=create)
        if not is_remote(location):
            # The working directory may change.
            location = os.path.abspath(location)
        with storing(location, "read"):
            database = lancedb.connect(
                location,
                # Every read sees the latest commit of every process.
                read_consistency_interval=timedelta(0),
                storage_options=None if storage_options is None else dict(storage_options),
            )
        gallery = cls(location, database)
        gallery._format()
        return gallery

    def add(
        self,
        features: Features,
        metadata: Sequence[Mapping[str, object]] | None = None,
        *,
        description: Mapping[str, Json] | None = None,
    ) -> None:
        """Add rows. They are on the disk when this returns; an error adds none of them.

        The first features fix D, the digest and, with each new metadata column, its type. A path
        may occur several times.

        Args:
            features: finite features without zero vectors.
            metadata: one mapping per row, with values of type str, bool, int, float, datetime or
                None. A missing value and NaN are null.
            description: how the features were computed, as from `describe_features` or
                ``feats.json``, so that queries can be encoded in the same way.

        Raises:
            MixedFeaturesError: the features have another digest than the gallery.
            InvalidInputError: another D, NaN, infinity, a zero vector, or unusable metadata.
            OutputError: the gallery cannot be written, for example because the disk is full.
        """
        rows = [{}] * len(features.paths) if metadata is None else metadata
        values = check_new_rows(features, rows)
        if description is not None:
            require_same_digest(
                features.digest, feature_digest(description), "the rows", "the description"
            )
        # Before anything is created: invalid metadata leaves no trace.
        table = self._table()
        metadata_columns(rows, None if table is None else table.schema)
        if not len(values):
            return
        new = GalleryFormat(values.shape[1], features.digest, dict(description or {}))
        with storing(self.location, "write"):
            sync = DiskSync(self.location)
            table = table or create_table(self._database, new)
            record_format(table, new, self.location)
            columns = with_columns(table, rows)
            new_rows = row_table(values, features.paths, columns, table.schema)
            commit(partial(table.add, new_rows))
            sync.finish()

    def remove(self, where: str) -> int:
        """Remove the rows that match an SQL filter and return their number.

        Searches no longer find them. `compact` with ``keep_days=0`` also erases them from the disk.

        Raises:
            UnknownNameError: the filter names an unknown column.
            InvalidInputError: the filter is not valid.
            OutputError: the gallery cannot be written.
        """
        table = self._table()
        if table is None:
            return 0
        with storing(self.location, "write"), filtering(where, table.schema.names):
            sync = DiskSync(self.location)
            removed: Any = commit(partial(table.delete, in_parentheses(where)))
            sync.finish()
        return int(removed.num_deleted_rows)

    def build_index(self) -> None:
        """Build the index for approximate searches, or rebuild it.

        An inverted file of 8-bit vectors, stored with the gallery: a quarter of its size. Rows that
        are added later are searched exactly until `compact` adds them to the index.

        Raises:
            InvalidInputError: the gallery has fewer than 1,000 rows.
            OutputError: the gallery cannot be written.
        """
        from lancedb.index import IvfSq

        table = self._table()
        count = len(self)
        if table is None or count < _INDEX_ROWS:
            raise InvalidInputError(
                f"{self.location} has {count:,} rows. An index needs at least {_INDEX_ROWS:,}; "
                "searches of a smaller gallery are exact and fast without one."
            )
        with storing(self.location, "write"):
            sync = DiskSync(self.location)
            config = IvfSq(distance_type="cosine")
            commit(partial(table.create_index, VECTOR, config=config, replace=True))
            sync.finish()

    def compact(self, keep_days: float = 7) -> None:
        """Merge small files, add new rows to the index, and delete old versions from the disk.

        Every change leaves the version before it on the disk. Useful after hundreds of small
        changes. Does not change any answer.

        Args:
            keep_days: keep versions of this many days for processes that are reading them. 0
                erases removed rows at once; no other process may use the gallery meanwhile.

        Raises:
            InvalidInputError: ``keep_days`` is negative.
            OutputError: the gallery cannot be written.
        """
        at_least_zero("keep_days", keep_days)
        table = self._table()
        if table is None:
            return
        with storing(self.location, "write"), warnings.catch_warnings():
            # LanceDB warns about keep_days=0; the docstring does, too.
            warnings.simplefilter("ignore", UserWarning)
            sync = DiskSync(self.location)
            commit(partial(table.optimize, cleanup_older_than=timedelta(days=keep_days)))
            sync.finish()
