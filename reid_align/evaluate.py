"""Command ``python -m reid_align.evaluate DATASET ROOT``: re-identification accuracy."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from reid_align.cli import (
    ENCODER_ADVICE,
    OK,
    SOME_FAILED,
    Advice,
    add_compute_options,
    add_encoder_options,
    add_renamed_option,
    command_parser,
    run,
)
from reid_align.cli.evaluate_options import add_measure_options, check_arguments
from reid_align.errors import FailedImagesError, ImageReadError
from reid_align.progress import working

ADVICE: Advice = {
    **ENCODER_ADVICE,
    ImageReadError: "Fix the file, or leave it out with --on-error skip.",
    FailedImagesError: "Use --on-error skip.",
}

DESCRIPTION = """\
Evaluate an encoder, or features from a file, on a person re-identification dataset.

  python -m reid_align.evaluate cuhk03_detected data/cuhk03 --weights encoder.safetensors
  python -m reid_align.evaluate market1501 data/market --features feats.npy
  python -m reid_align.evaluate csv mine.csv --features feats.npy
  python -m reid_align.evaluate folder crops --data-option 'pattern=(?P<person_id>[^/]+)/'"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("evaluate", DESCRIPTION, skips_images=True)
    parser.add_argument("dataset", help="dataset name; 'list' shows all datasets and their options")
    parser.add_argument("root", nargs="?", help="dataset folder, or CSV file")
    parser.add_argument(
        "--data-option",
        action="append",
        default=[],
        dest="data_options",
        metavar="OPTION=VALUE",
        help="option of the dataset; may be repeated",
    )
    add_renamed_option(parser, "--set", "--data-option")
    parser.add_argument(
        "--features",
        nargs="+",
        metavar="FEATS",
        help="evaluate features written by extract (.npy, .parquet), instead of running an encoder",
    )
    parser.add_argument(
        "--features-root",
        metavar="FOLDER",
        help="with --features, if the dataset has moved since the extraction: its folder then, as "
        "in the paths of the features",
    )
    add_encoder_options(parser)
    add_compute_options(parser)
    add_measure_options(parser.add_argument_group("measures"))
    return parser


def evaluate(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported late: --help does not load torch.
    from reid_align.cli.evaluate_inputs import evaluation_options, load_or_extract_features
    from reid_align.cli.ranked_outputs import write_ranked, write_text
    from reid_align.datasets import describe_datasets, load_dataset, parse_options, read_image
    from reid_align.evaluation import check_options, json_report, query_table, text_report
    from reid_align.evaluation import evaluate as score
    from reid_align.evaluation.ranked_queries import ranked_queries

    if args.dataset == "list":
        print(describe_datasets())
        return OK
    dataset_options = parse_options(args.dataset, args.data_options)
    check_arguments(args, build_parser().get_default)
    dataset = load_dataset(args.dataset, args.root, **dataset_options)
    options = evaluation_options(args)
    check_options(dataset, options)
    features, processing, descriptions = load_or_extract_features(args, dataset)
    with working("scoring"):
        result = score(dataset, features, options, processing)
    report = text_report(result)
    try:
        if args.output:
            document = json_report(result) | {
                "dataset_options": dataset_options,
                "measures": asdict(options),
                "features": descriptions,
            }
            write_text(args.output, json.dumps(document, indent=1) + "\n")
        if args.queries:
            write_text(args.queries, query_table(result))
        if args.sheet or args.html:
            # The first row of scores: the first metric, without further processing.
            lists = ranked_queries(result.scores[0])
            write_ranked(lists, args.sheet, args.html, report.partition("\n")[0], read_image)
    finally:
        # After the files, because standard output may be closed; also if they cannot be written.
        print(report)
    return SOME_FAILED if result.skipped else OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return its exit code."""
    return run(build_parser(), evaluate, argv, advice=ADVICE)


if __name__ == "__main__":
    sys.exit(main())
