"""Command ``python -m reid_align.cluster crops/ -o ids.csv``: from images to identities."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reid_align.cli import (
    ENCODER_ADVICE,
    OK,
    SOME_FAILED,
    Advice,
    add_compute_options,
    add_encoder_options,
    command_parser,
    run,
)
from reid_align.cli.new_outputs import add_force_option, check_new_outputs
from reid_align.errors import ImageReadError, InvalidInputError, NoCalibrationError
from reid_align.files import replace_file, writing

DESCRIPTION = """\
Group images, or tracklets, into identities, without labels.

  python -m reid_align.cluster crops/ -o ids.csv --calibration calibration.json --sheet ids.jpg
  python -m reid_align.cluster crops/ -o ids.csv --threshold 0.4 --folder-tracks
  python -m reid_align.cluster --features feats.npy -o ids.csv --pattern '(?P<person_id>\\d+)_'

ids.csv has the columns path, identity (from 0, largest first) and, with tracklets, track."""

ADVICE: Advice = {
    **ENCODER_ADVICE,
    ImageReadError: "Fix the file, or leave it out with --on-error skip.",
    NoCalibrationError: "Use --calibration FILE or --threshold DISTANCE.",
}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("cluster", DESCRIPTION, skips_images=True)
    parser.add_argument(
        "inputs", nargs="*", metavar="INPUT", help="folder, image, pattern or list, as in extract"
    )
    parser.add_argument(
        "--features", nargs="+", metavar="FILE.npy", help="features written by extract, instead"
    )
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument(
        "--calibration",
        metavar="FILE.json",
        help="file that calibrate wrote for this encoder; default: the calibration on synthetic "
        "people that ships with the weights",
    )
    limit.add_argument("--threshold", type=float, metavar="D", help="cosine distance instead")
    parser.add_argument(
        "--false-match-rate",
        type=float,
        default=0.001,
        metavar="RATE",
        help="use the threshold of this rate, or of the next larger rate in the calibration; "
        "default: %(default)s, because a false match joins two whole clusters",
    )
    parser.add_argument(
        "--folder-tracks", action="store_true", help="the images of a folder are one tracklet"
    )
    parser.add_argument(
        "--table",
        metavar="FILE.csv",
        help="columns path, and track (tracklet) or person_id (known identity, for scores)",
    )
    parser.add_argument(
        "--pattern",
        metavar="REGEX",
        help="regular expression on the paths with the groups track or person_id",
    )
    parser.add_argument("-o", "--output", required=True, metavar="ids.csv", help="output file")
    parser.add_argument(
        "--sheet", metavar="FILE.jpg", help="contact sheet of the largest identities"
    )
    parser.add_argument(
        "--on-error",
        choices=("fail", "skip"),
        default="fail",
        help="at an unreadable image: stop, or leave it out; default: %(default)s",
    )
    add_force_option(parser)
    add_encoder_options(parser)
    add_compute_options(parser)
    return parser


def cluster(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported late: --help does not load torch.
    from reid_align.cli.cluster_inputs import cluster_inputs, groups_of_arguments
    from reid_align.cli.image_output import write_image
    from reid_align.clustering import (
        cluster_features,
        cluster_report,
        cluster_sheet,
        ids_table,
        score_clusters,
    )

    check_new_outputs([args.output], args.force, args.sheet)
    if bool(args.inputs) == bool(args.features):
        raise InvalidInputError("Give either images or --features FILE.npy.")
    features, threshold, note = cluster_inputs(args)
    groups = groups_of_arguments(args, features.paths)
    clusters = cluster_features(features.values, threshold, groups.tracks)
    scores = None if groups.person_ids is None else score_clusters(clusters, groups.person_ids)
    if args.sheet:
        write_image(cluster_sheet(features.paths, clusters), Path(args.sheet))
    with writing(Path(args.output)):
        table = ids_table(features.paths, clusters, groups.track_names)
        replace_file(Path(args.output), table)
    print(cluster_report(clusters, threshold, groups.description, scores))
    print("\n".join(filter(None, [note, f"Wrote {args.output}."])), file=sys.stderr)
    for failed in features.failed:
        print(f"Left out {failed.path}: {failed.error}", file=sys.stderr)
    return SOME_FAILED if features.failed else OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), cluster, argv, advice=ADVICE)


if __name__ == "__main__":
    sys.exit(main())
