"""``python -m reid_align.evaluate DATASET ROOT``: score an encoder, or features, on a benchmark."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from reid_align.cli import OK, add_compute_options, add_encoder_options, command_parser, run
from reid_align.cli.evaluation import add_measure_options, check_arguments
from reid_align.files import replace_file, writing

DESCRIPTION = """\
Score an encoder, or features that extract wrote, on a person re-identification benchmark.

  python -m reid_align.evaluate cuhk03_detected data/cuhk03 --weights encoder.safetensors
  python -m reid_align.evaluate market1501 data/market --features feats.npy
  python -m reid_align.evaluate csv mine.csv --features feats.npy
  python -m reid_align.evaluate folder crops --set 'pattern=(?P<person_id>[^/]+)/'"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = command_parser("evaluate", DESCRIPTION)
    parser.add_argument("dataset", help="the dataset's name; 'list' shows all, with their options")
    parser.add_argument("root", nargs="?", help="its folder, or the CSV file")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="options",
        metavar="OPTION=VALUE",
        help="an option of the dataset; may be repeated",
    )
    parser.add_argument(
        "--features",
        nargs="+",
        metavar="FILE.npy",
        help="score what extract wrote, instead of running an encoder",
    )
    add_encoder_options(parser)
    add_compute_options(parser)
    add_measure_options(parser.add_argument_group("measures"))
    return parser


def evaluate(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported here so that --help answers without loading torch.
    from reid_align.datasets import describe_datasets, load_dataset, parse_options
    from reid_align.evaluation import check_options, json_report, query_table, text_report
    from reid_align.evaluation import evaluate as score
    from reid_align.evaluation.command import choose_features, measure_options

    if args.dataset == "list":
        print(describe_datasets())
        return OK
    dataset_options = parse_options(args.dataset, args.options)
    check_arguments(args, build_parser().get_default)
    dataset = load_dataset(args.dataset, args.root, **dataset_options)
    options = measure_options(args)
    check_options(dataset, options)
    features, made_by = choose_features(args, dataset)
    result = score(dataset, features, options)
    print(text_report(result))
    if args.output:
        document = json_report(result) | {
            "dataset_options": dataset_options,
            "measures": asdict(options),
            "features": made_by,
        }
        _write(args.output, json.dumps(document, indent=1) + "\n")
    if args.queries:
        _write(args.queries, query_table(result))
    return OK


def _write(name: str, text: str) -> None:
    with writing(Path(name)):
        replace_file(Path(name), text.encode("utf-8", "surrogateescape"))


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), evaluate, argv)


if __name__ == "__main__":
    sys.exit(main())
