"""Features of a gallery with its files and metadata, from features, a ``.npy`` file or images."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reid_align.errors import InvalidInputError
from reid_align.features import (
    ExtractOptions,
    Features,
    describe_features,
    extract_named_images,
    is_feature_file,
    read_description,
    read_features,
)
from reid_align.features.feature_files import CSV_HEADER, Json
from reid_align.features.image_inputs import NamedImage
from reid_align.images import find_images
from reid_align.models.encoder import Encoder
from reid_align.progress import Progress
from reid_align.retrieval.image_files import IN_MEMORY, ImageFile, resolve_files
from reid_align.retrieval.metadata_table import Columns, MetadataTable, join_columns, read_metadata


@dataclass(frozen=True, eq=False)
class GalleryFeatures:
    """Images to search: one row of features, one path and one value per column for each.

    Attributes:
        features: features and recorded paths; ``features.values`` may be memory-mapped.
        columns: metadata, such as camera, time and track.
        description: how the features were computed, from ``feats.json``; {} if unknown.
        root: folder for relative paths that are not below the working directory.
    """

    features: Features
    columns: Columns
    description: Mapping[str, Json]
    root: str | None = None

    def __post_init__(self) -> None:
        count = len(self.features.paths)
        for name, values in self.columns.items():
            if len(values) != count:
                raise InvalidInputError(
                    f"Column {name!r} has {len(values)} values for {count} images."
                )

    @cached_property
    def files(self) -> list[ImageFile]:
        """The file of each row. Finding them takes about 2 s for a million images."""
        return resolve_files(self.features.paths, self.root)

    @property
    def missing(self) -> list[str]:
        """Recorded paths without a file, apart from images in memory."""
        gone = (image.path for image in self.files if image.key is None)
        return [path for path in gone if not IN_MEMORY.fullmatch(path)]


def load_gallery(
    source: "str | os.PathLike[str] | Features | GalleryFeatures",
    *,
    where: str | None = None,
    root: str | os.PathLike[str] | None = None,
    metadata: str | os.PathLike[str] | MetadataTable | None = None,
    encoder: Encoder | None = None,
    options: ExtractOptions | None = None,
    progress: bool = False,
) -> GalleryFeatures:
    """Return the features of a gallery.

    Args:
        source: a ``.npy`` file of `extract_to_file` with its ``.csv`` and ``.json``, memory-mapped,
            float32 or float16; a ``.parquet`` folder of `extract_to_parquet` or the folder of a
            stored `Gallery`, read into memory; features; or images, as a folder, a quoted glob
            pattern or a list, which are encoded.
        where: SQL filter on the rows of a stored gallery, such as ``"camera = 1"``.
        root: folder for relative paths that are not below the working directory.
        metadata: CSV file with a column ``path`` and further columns. Columns of ``feats.csv``
            after ``path`` are metadata, too.
        encoder: encoder for images; not needed for features.
        options: options for images.
        progress: show the progress of the encoding on standard error.

    Raises:
        InvalidInputError: images without an encoder, unusable metadata, or an invalid filter.
        OutputError: a file of the features is missing or damaged.
        NoImagesError: there are no images.
        ImageReadError: an image cannot be read and ``options.on_error`` is "fail".
    """
    if isinstance(source, GalleryFeatures):
        return source
    # Imported here, because `galleries` builds on this package.
    from reid_align.galleries import is_gallery

    described: Mapping[str, Json] = {}
    columns: Columns = {}
    stored = not isinstance(source, Features) and is_gallery(source)
    if where is not None and not stored:
        raise InvalidInputError("A filter (where) needs a stored gallery, see Gallery.")
    if isinstance(source, Features):
        features = source
    elif stored:
        features, columns, described = _read_stored(source, where)
    elif is_feature_file(source):
        features, described = read_features(source), read_description(source)
        if os.fspath(source).endswith(".npy"):
            columns = _columns_of_table(Path(source).with_suffix(".csv"), features)
    elif encoder is None:
        raise InvalidInputError(
            f"The gallery {os.fspath(source)} consists of images, which need an encoder. Give one, "
            "or extracted features (.npy, .parquet)."
        )
    else:
        options = options or ExtractOptions()
        features = _encode(os.fspath(source), encoder, options, progress)
        described = describe_features(encoder, options)
    folder = None if root is None else os.fspath(root)
    gallery = GalleryFeatures(features, columns, described, folder)
    if metadata is None:
        return gallery
    table = metadata if isinstance(metadata, MetadataTable) else read_metadata(metadata)
    joined = join_columns(columns, table.columns_of(gallery.files))
    return GalleryFeatures(features, joined, described, folder)


def _read_stored(
    source: str | os.PathLike[str], where: str | None
) -> tuple[Features, Columns, Mapping[str, Json]]:
    from reid_align.galleries import Gallery

    stored = Gallery.open(source, create=False)
    contents = stored.load(where)
    columns = {
        name: tuple(None if value is None else str(value) for value in values)
        for name, values in contents.columns.items()
    }
    return contents.features, columns, stored.description


def _columns_of_table(table: Path, features: Features) -> Columns:
    with open(table, "rb") as file:
        if file.readline() == CSV_HEADER:
            return {}
    found = read_metadata(table)
    return found.columns_of([ImageFile(path, path, None) for path in features.paths])


def _encode(source: str, encoder: Encoder, options: ExtractOptions, progress: bool) -> Features:
    paths = list(find_images([source]))
    images = (NamedImage(path, path) for path in paths)
    with Progress(len(paths), label="gallery", visible=progress) as bar:
        return extract_named_images(images, encoder, options, bar)
