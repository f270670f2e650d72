"""Search for the gallery images nearest to query images."""

import os
from dataclasses import replace
from warnings import warn

from reid_align.errors import DatasetWarning, InvalidInputError
from reid_align.features import ExtractOptions, Features, extract_named_images
from reid_align.features.image_inputs import ChannelOrder, ImageInputs, named_images
from reid_align.models.encoder import Encoder
from reid_align.progress import Progress
from reid_align.retrieval.camera_groups import shared_groups, whitened_by_camera
from reid_align.retrieval.gallery_features import GalleryFeatures, load_gallery
from reid_align.retrieval.metadata_table import MetadataTable, read_metadata
from reid_align.retrieval.nearest_rows import NearestRows, nearest_rows
from reid_align.retrieval.query_images import QueryImages, query_images
from reid_align.retrieval.recorded_encoder import recorded_encoder, recorded_options
from reid_align.retrieval.result_improvement import expand_queries, rerank_rows
from reid_align.retrieval.row_blocks import Values
from reid_align.retrieval.search_hits import Hit, QueryHits
from reid_align.retrieval.search_options import SearchOptions


def search_images(
    queries: ImageInputs | Features,
    gallery: str | os.PathLike[str] | Features | GalleryFeatures,
    k: int = 10,
    *,
    options: SearchOptions | None = None,
    root: str | os.PathLike[str] | None = None,
    metadata: str | os.PathLike[str] | MetadataTable | None = None,
    encoder: Encoder | None = None,
    extract: ExtractOptions | None = None,
    channel_order: ChannelOrder | None = None,
) -> list[QueryHits]:
    """Find the k gallery images nearest to each query image. Needs no labels.

    The query's own file is left out of its hits, under every name (links, other spellings).

    Args:
        queries: images, as for `extract_features`, or their features.
        gallery: ``.npy`` file of extracted features, a folder or pattern of images, or features.
            Query images are encoded by the encoder that the file records.
        k: hits per query; all images of a smaller gallery.
        options: further options; ``k`` here replaces theirs.
        root: folder for relative paths that are not below the working directory.
        metadata: CSV file with a column ``path`` and columns such as camera, time and track, of
            gallery images and queries.
        encoder: encoder of the images; required if the gallery is a folder.
        extract: how to compute features of images. Mirroring, scaling and dtype of a ``.npy``
            gallery have priority.
        channel_order: "rgb" or "bgr"; required if the queries contain arrays.

    Returns:
        One `QueryHits` for each query, in order; without hits only if the gallery is empty or all
        its images are excluded.

    Warns:
        DatasetWarning: gallery files are missing, or the gallery has fewer than k images.

    Raises:
        InvalidInputError: invalid options, features with NaN, an unknown column, no query.
        MixedFeaturesError: queries and gallery are of different encoders or options.
        EncoderUnavailableError: the recorded encoder cannot be loaded.
        ImageReadError: an image cannot be read, and ``extract.on_error`` is "fail".
    """
    options = replace(options or SearchOptions(), k=k)
    extract = extract or ExtractOptions()
    table = None
    if metadata is not None:
        table = metadata if isinstance(metadata, MetadataTable) else read_metadata(metadata)
    loaded = load_gallery(gallery, root=root, metadata=table, encoder=encoder, options=extract)
    if not isinstance(queries, Features):
        queries = encode_queries(queries, loaded, extract, encoder, channel_order)
    folder = None if root is None else os.fspath(root)
    found = query_images(queries, loaded, root=folder, table=table)
    warn_of_gallery(loaded, options.k)
    return search_features(found, loaded, options)


def warn_of_gallery(gallery: GalleryFeatures, k: int) -> None:
    """Warn about gallery files that are gone, and about a gallery with fewer than k images."""
    count, missing = len(gallery.features.paths), gallery.missing
    if missing:
        warn(
            f"{len(missing):,} of {count:,} gallery files are missing (first: {missing[0]}). Their "
            "features are searched, but the images cannot be shown.",
            DatasetWarning,
            stacklevel=3,
        )
    if k > count:
        warn(
            f"The gallery has only {count:,} images, fewer than k={k}.",
            DatasetWarning,
            stacklevel=3,
        )


def encode_queries(
    queries: ImageInputs,
    gallery: GalleryFeatures,
    options: ExtractOptions,
    encoder: Encoder | None = None,
    channel_order: ChannelOrder | None = None,
    *,
    progress: bool = False,
) -> Features:
    """Compute the features of queries with the encoder and options of the gallery.

    Raises:
        EncoderUnavailableError: the encoder cannot be loaded, or is not recorded or given.
        MixedFeaturesError: the given encoder is not the recorded one.
    """
    if gallery.description:
        options = recorded_options(gallery.description, options, encoder)
        adapted = bool(gallery.description.get("adapted"))
        images = [image.file for image in gallery.files] if adapted else []
        encoder = recorded_encoder(gallery.description, options, encoder=encoder, images=images)
    elif encoder is None:
        raise InvalidInputError(
            "The gallery does not record its encoder. Give the encoder, or the features of the "
            "queries."
        )
    inputs = named_images(queries, channel_order)
    with Progress(label="queries", visible=progress) as bar:
        return extract_named_images(inputs, encoder, options, bar)


def search_features(
    queries: QueryImages, gallery: GalleryFeatures, options: SearchOptions
) -> list[QueryHits]:
    """Search with features; see `search_images`."""
    query_values: Values = queries.features.values
    gallery_values: Values = gallery.features.values
    if options.normalize_cameras:
        query_values, gallery_values = whitened_by_camera(queries, gallery)
    groups = None
    if options.exclude_same is not None:
        groups = shared_groups(queries, gallery, options.exclude_same)

    def nearest(values: Values, count: int) -> NearestRows:
        return nearest_rows(
            values,
            gallery_values,
            count,
            metric=options.metric,
            groups=groups,
            excluded=queries.own_rows,
        )

    if options.expand_query:
        first = nearest(query_values, options.expand_query)
        query_values = expand_queries(query_values, gallery_values, first, options.metric)
    found = nearest(query_values, options.rerank or options.k)
    if options.rerank:
        found = rerank_rows(query_values, gallery_values, found, options.k, options.metric)
    return _hits(queries, gallery, found)


def _hits(queries: QueryImages, gallery: GalleryFeatures, found: NearestRows) -> list[QueryHits]:
    columns = gallery.columns
    answers = []
    for index, image in enumerate(queries.files):
        hits = tuple(
            Hit(
                gallery.features.paths[row],
                float(distance),
                {name: values[row] for name, values in columns.items()},
                int(row),
                gallery.files[row].file,
            )
            for row, distance in zip(found.rows[index], found.distances[index], strict=True)
            if row >= 0
        )
        known = {name: values[index] for name, values in queries.columns.items()}
        file = "" if image.key is None else image.file
        answers.append(QueryHits(image.path, hits, known, file))
    return answers
