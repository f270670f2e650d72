"""Arguments of the cluster command."""

import argparse

from reid_align.cli.new_outputs import add_force_option


def add_cluster_arguments(parser: argparse.ArgumentParser) -> None:
    """Add inputs, options and outputs."""
    parser.add_argument(
        "inputs", nargs="*", metavar="INPUT", help="folder, image, pattern or list, as in extract"
    )
    parser.add_argument(
        "--features",
        nargs="+",
        metavar="FEATS",
        help="feats.npy or feats.parquet written by extract, instead",
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
