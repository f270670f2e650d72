"""Search from the arguments of the search command."""

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace

from reid_align.calibration import CARRY_OVER_NOTE, find_calibration, read_calibration
from reid_align.cli.encoder_choice import select_encoder
from reid_align.cli.unsaved_features import unsaved_features
from reid_align.errors import InvalidInputError
from reid_align.features import (
    Adaptation,
    ExtractOptions,
    FailedImage,
    Features,
    NamedImage,
    adapt_to,
    is_feature_file,
    read_features,
)
from reid_align.galleries import is_gallery
from reid_align.images import find_images
from reid_align.models.encoder import Encoder
from reid_align.progress import working
from reid_align.retrieval import (
    GalleryFeatures,
    MetadataTable,
    QueryHits,
    SearchOptions,
    encode_queries,
    load_gallery,
    query_images,
    read_metadata,
    search_features,
    warn_of_gallery,
)
from reid_align.retrieval.metadata_table import column

# Options that a .npy gallery records.
_RECORDED = ("flip", "adapt", "dtype")


def search_with_arguments(
    args: Namespace, default: Callable[[str], object]
) -> tuple[list[QueryHits], list[FailedImage]]:
    """Search as the arguments say; return the hits and the images that could not be read.

    Raises:
        ReidAlignError: gallery, queries, metadata or calibration cannot be used.
    """
    options = SearchOptions(
        args.k,
        args.metric,
        args.exclude_same,
        args.normalize_cameras,
        args.expand_query,
        max(args.rerank, args.k) if args.rerank else 0,
    )
    extract = ExtractOptions(
        args.device,
        args.dtype,
        args.batch_size,
        args.num_workers,
        args.flip,
        on_error=args.on_error,
        backend=args.backend,
    )
    table = read_metadata(args.metadata) if args.metadata else None
    _check_before_encoding(args, options, table)
    encoder = _encoder(args, extract, default)
    with unsaved_features():
        gallery = load_gallery(
            args.gallery,
            where=args.where,
            root=args.root,
            metadata=table,
            encoder=encoder,
            options=extract,
            progress=True,
        )
    features = _query_features(args.queries, gallery, extract, encoder)
    queries = query_images(features, gallery, root=args.root, table=table)
    warn_of_gallery(gallery, options.k)
    with working("searching"):
        answers = search_features(queries, gallery, options)
    answers = _with_probabilities(answers, args, options, gallery.features.digest)
    from_images = not _records_encoder(args.gallery)
    failed = [*features.failed, *(gallery.features.failed if from_images else ())]
    return answers, failed


def failed_images(failed: Sequence[FailedImage]) -> str:
    """Return a line about images that could not be read."""
    images = "1 image" if len(failed) == 1 else f"{len(failed):,} images"
    return f"{images} could not be read (first: {failed[0].path}: {failed[0].error})."


def _is_features(name: str) -> bool:
    return is_feature_file(name)


def _records_encoder(gallery: str) -> bool:
    return _is_features(gallery) or is_gallery(gallery)


def _check_before_encoding(
    args: Namespace, options: SearchOptions, table: MetadataTable | None
) -> None:
    """Check what only the hits need: encoding the gallery takes minutes."""
    if args.calibration is not None:
        if not _has_probabilities(options):
            raise InvalidInputError(
                "--calibration applies to cosine distances of the features, without --rerank, "
                "--expand-query and --normalize-cameras. Leave out these options or --calibration."
            )
        read_calibration(args.calibration)
    if not _records_encoder(args.gallery):
        columns = dict.fromkeys(table.names if table else (), ())
        needed = (args.exclude_same, "camera" if args.normalize_cameras else None)
        for name in filter(None, needed):
            column(columns, name)


def _encoder(
    args: Namespace, options: ExtractOptions, default: Callable[[str], object]
) -> Encoder | None:
    """Return the encoder for images, or a named one for a .npy gallery."""
    if _records_encoder(args.gallery):
        given = [name for name in _RECORDED if getattr(args, name) != default(name)]
        if given:
            raise InvalidInputError(
                f"--{given[0]}: {args.gallery} records how its features were computed, and the "
                "queries are computed in the same way. Leave out this option."
            )
        if args.model is None and args.weights is None:
            return None
        return select_encoder(args.model, args.weights, args.seed)
    encoder = select_encoder(args.model, args.weights, args.seed)
    if not args.adapt:
        return encoder
    paths = list(find_images([args.gallery]))
    adaptation = Adaptation(seed=args.seed)
    drawn = adaptation.draw((NamedImage(path, path) for path in paths), len(paths))
    return adapt_to(drawn, encoder, adaptation, options, progress=True)


def _query_features(
    names: Sequence[str], gallery: GalleryFeatures, options: ExtractOptions, encoder: Encoder | None
) -> Features:
    tables = [name for name in names if _is_features(name)]
    if not tables:
        return encode_queries(find_images(names), gallery, options, encoder, progress=True)
    if len(names) > 1:
        raise InvalidInputError(
            f"{tables[0]} contains features. Give either one .npy file of queries, or images."
        )
    return read_features(tables[0])


def _has_probabilities(options: SearchOptions) -> bool:
    return options.keeps_distances and options.metric == "cosine"


def _with_probabilities(
    answers: list[QueryHits], args: Namespace, options: SearchOptions, digest: str
) -> list[QueryHits]:
    """Add the probability of each hit, if a calibration is given or shipped for the encoder."""
    if not _has_probabilities(options):
        return answers
    calibration = find_calibration(args.calibration, digest, "the gallery")
    if calibration is None:
        return answers
    if calibration.is_shipped:
        print(CARRY_OVER_NOTE, file=sys.stderr)
    found = []
    for answer in answers:
        distances = [hit.distance for hit in answer.hits]
        likely = calibration.probabilities(distances, prior=args.prior).tolist()
        pairs = zip(answer.hits, likely, strict=True)
        hits = tuple(replace(hit, probability=value) for hit, value in pairs)
        found.append(replace(answer, hits=hits))
    return found
