"""Features, groups and threshold from the arguments of the cluster command."""

from argparse import Namespace
from collections.abc import Sequence
from typing import NamedTuple

from reid_align.calibration import CARRY_OVER_NOTE, find_calibration
from reid_align.cli.calibrate_inputs import extract_options
from reid_align.cli.encoder_choice import select_encoder
from reid_align.cli.unsaved_features import unsaved_features
from reid_align.clustering import (
    ImageGroups,
    groups_of_folders,
    groups_of_pattern,
    groups_of_table,
)
from reid_align.errors import InvalidInputError, NoCalibrationError
from reid_align.features import (
    Adaptation,
    Features,
    NamedImage,
    adapt_to,
    digest_of,
    extract_named_images,
    read_features,
)
from reid_align.images import find_images
from reid_align.progress import Progress


class ClusterInputs(NamedTuple):
    """Features, the threshold, and a note about the origin of the threshold."""

    features: Features
    threshold: float
    note: str


def cluster_inputs(args: Namespace) -> ClusterInputs:
    """Read or extract the features and choose the threshold.

    Raises:
        NoCalibrationError: there is no threshold and no calibration for these features.
        InvalidInputError: the calibration cannot be read or is for another encoder.
        ReidAlignError: the images or features cannot be read.
    """
    if args.features:
        features = read_features(*args.features)
        return ClusterInputs(features, *_limit(args, features.digest))
    encoder = select_encoder(args.model, args.weights, args.seed)
    options = extract_options(args)
    paths = list(find_images(args.inputs))
    groups_of_arguments(args, paths)  # Raises before the extraction, which takes minutes.
    if args.adapt:
        adaptation = Adaptation(seed=args.seed)
        drawn = adaptation.draw((NamedImage(path, path) for path in paths), len(paths))
        encoder = adapt_to(drawn, encoder, adaptation, options, progress=True)
    limit = _limit(args, digest_of(encoder, options))
    images = (NamedImage(path, path) for path in paths)
    with unsaved_features(), Progress(len(paths)) as progress:
        return ClusterInputs(extract_named_images(images, encoder, options, progress), *limit)


def groups_of_arguments(args: Namespace, paths: Sequence[str]) -> ImageGroups:
    """Return the tracklets and known identities of the images.

    Raises:
        InvalidInputError: tracklets or identities are given twice, or cannot be read.
    """
    found = []
    if args.folder_tracks:
        found.append(groups_of_folders(paths))
    if args.pattern is not None:
        found.append(groups_of_pattern(paths, args.pattern))
    if args.table is not None:
        found.append(groups_of_table(paths, args.table))
    tracks = [groups.track_names for groups in found if groups.track_names is not None]
    people = [groups.person_ids for groups in found if groups.person_ids is not None]
    if len(tracks) > 1 or len(people) > 1:
        raise InvalidInputError(
            "Tracklets or identities are given twice: by --folder-tracks, --pattern or --table. "
            "Give each once."
        )
    numbers = [groups.tracks for groups in found if groups.tracks is not None]
    return ImageGroups(
        tracks[0] if tracks else None,
        numbers[0] if numbers else None,
        people[0] if people else None,
    )


def _limit(args: Namespace, digest: str) -> tuple[float, str]:
    """Return the threshold and a note about its origin."""
    if args.threshold is not None:
        return args.threshold, ""
    calibration = find_calibration(args.calibration, digest, "the images")
    if calibration is None:
        raise NoCalibrationError(
            "No calibration ships for these features, so there is no threshold."
        )
    point = calibration.point_at(args.false_match_rate)
    note = (
        f"The threshold accepts {100 * point.false_match_rate:g} % of the pairs of different "
        f"identities in {calibration.place}."
    )
    return point.threshold, f"{note} {CARRY_OVER_NOTE}" if calibration.is_shipped else note
