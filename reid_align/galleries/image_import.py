"""Addition of images and of feature files to a gallery."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from reid_align.errors import InvalidInputError
from reid_align.features import (
    ExtractOptions,
    FailedImage,
    FeatureExtractor,
    Features,
    describe_features,
)
from reid_align.galleries.stored_gallery import Gallery
from reid_align.galleries.typed_texts import typed_texts
from reid_align.interrupts import kept
from reid_align.models.encoder import Encoder
from reid_align.progress import Progress
from reid_align.retrieval.gallery_features import load_gallery
from reid_align.retrieval.image_files import resolve_files
from reid_align.retrieval.metadata_table import MetadataTable
from reid_align.retrieval.recorded_encoder import recorded_encoder, recorded_options

# Each commit adds this many rows: an interruption loses at most the work of one.
_IMAGES_AT_ONCE, _ROWS_AT_ONCE = 512, 16384


@dataclass(frozen=True)
class AddedRows:
    """Result of an import.

    Attributes:
        added: number of rows added.
        present: number of images that the gallery had already, by path; they are not added again.
        failed: images that could not be read.
    """

    added: int
    present: int
    failed: tuple[FailedImage, ...] = ()


def gallery_encoder(
    gallery: Gallery, options: ExtractOptions, encoder: Encoder | None
) -> tuple[Encoder, ExtractOptions]:
    """Return the encoder that a gallery records, and options with the recorded settings.

    Args:
        gallery: the gallery.
        options: options for images.
        encoder: encoder of a gallery that records none; otherwise it replaces the recorded file
            and must have the same weights.

    Raises:
        InvalidInputError: no encoder is recorded or given.
        EncoderUnavailableError: the recorded encoder cannot be loaded.
        MixedFeaturesError: the given encoder differs from the recorded one.
    """
    description = gallery.description
    if description:
        options = recorded_options(description, options, encoder)
        return recorded_encoder(description, options, encoder=encoder), options
    if encoder is None:
        raise InvalidInputError(f"{gallery.location} records no encoder. Give the encoder.")
    return encoder, options


def add_images(
    gallery: Gallery,
    paths: Sequence[str],
    encoder: Encoder,
    options: ExtractOptions,
    *,
    metadata: MetadataTable | None = None,
    progress: bool = False,
) -> AddedRows:
    """Encode images and add them, in commits of 512 images.

    Images that the gallery has already are left out, so that an interrupted import continues when
    it is repeated.

    Raises:
        MixedFeaturesError: the encoder or the options differ from those of the gallery.
        ImageReadError: an image cannot be read and ``options.on_error`` is "fail".
        InvalidInputError: unusable metadata.
        OutputError: the gallery cannot be written; earlier commits are kept.
    """
    new = _absent(gallery, paths)
    rows = dict(zip((paths[i] for i in new), _rows(gallery, paths, new, metadata), strict=True))
    extractor = FeatureExtractor(encoder, options)
    description = describe_features(encoder, options)
    failed: list[FailedImage] = []
    names = list(rows)
    with (
        Progress(len(names), visible=progress) as bar,
        kept(lambda: f"{bar.done:,} of {len(names):,} new images are in {gallery.location}"),
    ):
        for start in range(0, len(names), _IMAGES_AT_ONCE):
            part = names[start : start + _IMAGES_AT_ONCE]
            features = extractor(part)
            found = [rows[path] for path in features.paths]
            gallery.add(features, found, description=description)
            failed.extend(features.failed)
            bar.update(len(part))
    return AddedRows(len(names) - len(failed), len(paths) - len(new), tuple(failed))


def add_feature_file(
    gallery: Gallery,
    file: str | os.PathLike[str],
    *,
    metadata: MetadataTable | None = None,
    progress: bool = False,
) -> AddedRows:
    """Add the rows of a ``.npy`` file that `extract_to_file` wrote, in commits of 16,384 rows.

    Columns of its ``.csv`` after ``path`` become metadata. Images that the gallery has already are
    left out.

    Raises:
        MixedFeaturesError: the features have another digest than the gallery.
        InvalidInputError: unusable features or metadata.
        OutputError: the file cannot be read, or the gallery cannot be written.
    """
    loaded = load_gallery(file, metadata=metadata)
    features = loaded.features
    new = _absent(gallery, features.paths)
    typed = typed_texts(loaded.columns, gallery.columns)
    with (
        Progress(len(new), visible=progress, unit="row") as bar,
        kept(lambda: f"{bar.done:,} of {len(new):,} new rows are in {gallery.location}"),
    ):
        for start in range(0, len(new), _ROWS_AT_ONCE):
            part = new[start : start + _ROWS_AT_ONCE]
            some = Features(
                features.values[part],
                tuple(features.paths[i] for i in part),
                (),
                features.digest,
            )
            rows = [{name: values[i] for name, values in typed.items()} for i in part]
            gallery.add(some, rows, description=loaded.description or None)
            bar.update(len(part))
    return AddedRows(len(new), len(features.paths) - len(new))


def _absent(gallery: Gallery, paths: Sequence[str]) -> list[int]:
    """Return the positions of the paths that a gallery does not have, each path once."""
    present = {row.path for row in gallery.rows()}
    first = {path: index for index, path in reversed(list(enumerate(paths)))}
    return sorted(index for path, index in first.items() if path not in present)


def _rows(
    gallery: Gallery, paths: Sequence[str], new: Sequence[int], table: MetadataTable | None
) -> list[dict[str, object]]:
    if table is None:
        return [{} for _ in new]
    texts = table.columns_of(resolve_files([paths[i] for i in new]))
    typed = typed_texts(texts, gallery.columns)
    return [{name: values[i] for name, values in typed.items()} for i in range(len(new))]
