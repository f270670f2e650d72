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
from reid_align.cli.cluster_arguments import add_cluster_arguments
from reid_align.cli.evaluate_options import check_encoder_options
from reid_align.cli.new_outputs import check_new_outputs
from reid_align.errors import ImageReadError, InvalidInputError, NoCalibrationError
from reid_align.files import replace_file, writing
from reid_align.progress import working

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
    add_cluster_arguments(parser)
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
        raise InvalidInputError("Give either images or --features FEATS.")
    check_encoder_options(args, build_parser().get_default)
    features, threshold, note = cluster_inputs(args)
    groups = groups_of_arguments(args, features.paths)
    with working(f"clustering {len(features.paths):,} images"):
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
