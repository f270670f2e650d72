"""Features, labels and pairs from the arguments of the calibrate command."""

from argparse import Namespace
from dataclasses import replace

import numpy as np

from reid_align.calibration import (
    LabeledPairs,
    available_pairs,
    check_counts,
    pairs_of_images,
    pairs_of_names,
    read_pairs,
)
from reid_align.cli.encoder_choice import select_encoder
from reid_align.cli.unsaved_features import unsaved_features
from reid_align.datasets import ImageRecord, ReidDataset, load_dataset, parse_options
from reid_align.errors import InvalidInputError, UnmatchedFeaturesError
from reid_align.evaluation import adapt_to_dataset, dataset_features, relocate_features
from reid_align.evaluation.feature_paths import real_paths
from reid_align.features import (
    Adaptation,
    ExtractOptions,
    Features,
    NamedImage,
    adapt_to,
    extract_named_images,
    read_features,
)
from reid_align.metrics import Labels
from reid_align.progress import Progress


def extract_options(args: Namespace) -> ExtractOptions:
    """Build the options of an extraction of features that are scaled to length 1."""
    return ExtractOptions(
        args.device,
        args.dtype,
        args.batch_size,
        args.num_workers,
        args.flip,
        on_error=getattr(args, "on_error", "fail"),
        backend=args.backend,
    )


def pairs_of_arguments(args: Namespace) -> tuple[LabeledPairs, str, str]:
    """Return the labeled pairs, the digest of their features and their source.

    Raises:
        InvalidInputError: neither a dataset nor pairs are given, or both.
        ReidAlignError: the images, their labels or features cannot be read.
    """
    if (args.dataset is None) == (args.pairs is None):
        raise InvalidInputError("Give either DATASET ROOT or --pairs FILE.csv.")
    if args.pairs is not None:
        named = read_pairs(args.pairs)
        same = sum(pair.same for pair in named)
        check_counts(same, len(named) - same, args.false_match_rate)
        paths = sorted({path for pair in named for path in pair[:2]})
        features = _features_of_files(args, paths)
        return pairs_of_names(named, features), features.digest, args.pairs
    if args.root is None:
        raise InvalidInputError(f"Missing folder of {args.dataset}. Give it after the name.")
    options = parse_options(args.dataset, args.data_options)
    dataset = load_dataset(args.dataset, args.root, **options)
    records = _test_records(dataset)
    labels = _labels(records)
    check_counts(
        *available_pairs(labels),
        args.false_match_rate,
        cross_camera=labels.camera_ids is not None,
    )
    features = _features_of_dataset(args, dataset)
    rows = {path: row for row, path in enumerate(real_paths(features.paths))}
    kept = [
        (record, rows[path])
        for record, path in zip(records, real_paths(r.path for r in records), strict=True)
        if path in rows or not _is_skipped(record, features)
    ]
    values = features.values[[row for _, row in kept]]
    pairs = pairs_of_images(values, _labels([record for record, _ in kept]), seed=args.seed)
    return pairs, features.digest, f"{dataset.name} {args.root}"


def _test_records(dataset: ReidDataset) -> list[ImageRecord]:
    """Return the distinct query and gallery images of a dataset, without junk, by path."""
    found = {
        record.path: record
        for split in dataset.splits
        for record in (*split.query, *split.gallery)
        if record.person_id >= 0
    }
    if not found:
        raise InvalidInputError(
            f"{dataset.name} at {dataset.root} has no query and gallery images. Calibrate on "
            "images that the encoder was not trained on."
        )
    return [found[path] for path in sorted(found)]


def _features_of_dataset(args: Namespace, dataset: ReidDataset) -> Features:
    if not args.features:
        encoder, options = (
            select_encoder(args.model, args.weights, args.seed),
            extract_options(args),
        )
        if args.adapt:
            adaptation = Adaptation(seed=args.seed)
            encoder = adapt_to_dataset(dataset, encoder, adaptation, options, progress=True)
        with unsaved_features():
            return dataset_features(dataset, encoder, options, progress=True)
    features = read_features(*args.features)
    if args.features_root is not None:
        features = relocate_features(features, args.features_root, dataset.root)
    return features


def _features_of_files(args: Namespace, paths: list[str]) -> Features:
    if not args.features:
        encoder = select_encoder(args.model, args.weights, args.seed)
        images = [NamedImage(path, path) for path in paths]
        options = extract_options(args)
        if args.adapt:
            sample = Adaptation(seed=args.seed).draw(iter(images), len(images))
            encoder = adapt_to(sample, encoder, Adaptation(seed=args.seed), options, progress=True)
        with unsaved_features(), Progress(len(images)) as progress:
            return extract_named_images(images, encoder, options, progress)
    features = read_features(*args.features)
    rows = {path: row for row, path in enumerate(real_paths(features.paths))}
    found = [rows.get(path, -1) for path in real_paths(paths)]
    if missing := [path for path, row in zip(paths, found, strict=True) if row < 0]:
        raise UnmatchedFeaturesError(
            f"{len(missing)} of {len(paths)} images in the pairs have no features (first: "
            f"{missing[0]}). Extract the features of these images."
        )
    return replace(features, values=features.values[found], paths=tuple(paths))


def _is_skipped(record: ImageRecord, features: Features) -> bool:
    """Return whether an image without features could not be read; raise if it is missing."""
    (path,) = real_paths([record.path])
    if path in real_paths(image.path for image in features.failed):
        return True
    raise UnmatchedFeaturesError(
        f"The image {record.path} has no features. Extract the features of the whole dataset."
    )


def _labels(records: list[ImageRecord]) -> Labels:
    people = np.array([record.person_id for record in records], np.int64)
    cameras = [record.camera_id for record in records if record.camera_id is not None]
    return Labels(people, np.array(cameras, np.int64) if len(cameras) == len(records) else None)
