"""Arguments of the calibrate command."""

import argparse

from reid_align.cli.new_outputs import add_force_option


def add_calibrate_arguments(parser: argparse.ArgumentParser) -> None:
    """Add inputs, options and outputs."""
    parser.add_argument("dataset", nargs="?", help="dataset name, as in evaluate")
    parser.add_argument("root", nargs="?", help="dataset folder, or CSV file")
    parser.add_argument(
        "--data-option",
        action="append",
        default=[],
        dest="data_options",
        metavar="OPTION=VALUE",
        help="option of the dataset; may be repeated",
    )
    parser.add_argument(
        "--pairs",
        metavar="FILE.csv",
        help="labeled pairs instead of a dataset: columns path_a, path_b and same (1 or 0)",
    )
    parser.add_argument(
        "--features",
        nargs="+",
        metavar="FEATS",
        help="features written by extract, instead of running an encoder",
    )
    parser.add_argument(
        "--features-root", metavar="FOLDER", help="folder of the dataset at the extraction"
    )
    parser.add_argument(
        "--false-match-rate",
        type=float,
        default=0.01,
        metavar="RATE",
        help="largest share of different-identity pairs that the threshold accepts; default: "
        "%(default)s",
    )
    parser.add_argument(
        "--bootstrap",
        type=int,
        default=500,
        metavar="N",
        help="draws for the confidence intervals; default: %(default)s",
    )
    parser.add_argument(
        "--place",
        metavar="TEXT",
        help="name of the place, for reports; default: the dataset or file",
    )
    parser.add_argument("-o", "--output", required=True, metavar="FILE.json", help="output file")
    parser.add_argument(
        "--plot", metavar="FILE.png", help="draw distances, probability and ROC (extra plot)"
    )
    add_force_option(parser)
