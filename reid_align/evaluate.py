"""``python -m reid_align.evaluate DATASET ROOT``: score an encoder, or features, on a benchmark."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from reid_align.cli import OK, add_compute_options, add_encoder_options, command_parser, run
from reid_align.errors import InvalidInputError
from reid_align.files import check_writable, replace_file, writing

if TYPE_CHECKING:
    from reid_align.datasets import ReidDataset
    from reid_align.features import Features

DESCRIPTION = """\
Score an encoder, or features that extract wrote, on a person re-identification benchmark.

  python -m reid_align.evaluate cuhk03_detected data/cuhk03 --weights encoder.safetensors
  python -m reid_align.evaluate market1501 data/market --features feats.npy
  python -m reid_align.evaluate csv mine.csv --features feats.npy
  python -m reid_align.evaluate folder crops --set 'pattern=(?P<person_id>[^/]+)/'"""

# Without an encoder that runs, these decide nothing.
ENCODING = ("model", "weights", "dtype", "backend", "batch_size", "num_workers", "flip", "adapt")


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
    _add_measure_options(parser.add_argument_group("measures"))
    return parser


def _add_measure_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--metric",
        choices=("cosine", "euclidean", "both"),
        default="both",
        help="distance between features; default: %(default)s",
    )
    group.add_argument("--rerank", action="store_true", help="also with k-reciprocal re-ranking")
    group.add_argument(
        "--normalize-cameras",
        action="store_true",
        help="also without what all pictures of a camera share: features whitened camera by "
        "camera, over queries and gallery together",
    )
    group.add_argument(
        "--verification",
        nargs="*",
        type=float,
        metavar="FPR",
        help="also thresholds for 'the same person': at the equal error rate, and the true "
        "positive rates at these false positive rates; default: 0.0001 0.001 0.01",
    )
    group.add_argument(
        "--ap",
        choices=("mean", "trapezoid"),
        default="mean",
        help="average precision: the mean of precisions, or the area under the straight lines "
        "between them, as in Market-1501's first code; default: %(default)s",
    )
    group.add_argument(
        "--draws",
        type=int,
        metavar="N",
        help="single-gallery-shot protocols: sample N galleries; default: the exact expectation",
    )
    group.add_argument("-o", "--output", metavar="FILE.json", help="write the result as JSON")
    group.add_argument("--queries", metavar="FILE.csv", help="write what each query found")


def evaluate(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported here so that --help answers without loading torch.
    from reid_align.datasets import describe_datasets, load_dataset, parse_options
    from reid_align.evaluation import (
        EvaluationOptions,
        check_options,
        json_report,
        query_table,
        text_report,
    )
    from reid_align.evaluation import evaluate as score
    from reid_align.features import resolve_device

    if args.dataset == "list":
        print(describe_datasets())
        return OK
    dataset_options = parse_options(args.dataset, args.options)
    _check(args)
    dataset = load_dataset(args.dataset, args.root, **dataset_options)
    options = EvaluationOptions(
        ("cosine", "euclidean") if args.metric == "both" else (args.metric,),
        args.rerank,
        None if args.verification is None else tuple(args.verification) or (1e-4, 1e-3, 1e-2),
        args.ap,
        args.draws,
        args.seed,
        device="cpu" if args.device == "auto" else str(resolve_device(args.device)),
        normalize_cameras=args.normalize_cameras,
    )
    check_options(dataset, options)
    features, made_by = _features(args, dataset)
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


def _check(args: argparse.Namespace) -> None:
    """Refuse what cannot be, or would be ignored, before any work is done."""
    if args.root is None:
        raise InvalidInputError(f"Where is {args.dataset}? Give its folder after its name.")
    default = build_parser().get_default
    for name in ENCODING if args.features else ():
        if getattr(args, name) != default(name):
            raise InvalidInputError(
                f"--{name.replace('_', '-')} with --features: no encoder runs, the features are "
                "there. Give one."
            )
    if args.output and args.output == args.queries:
        raise InvalidInputError(f"-o and --queries both name {args.output}: give two names.")
    for output in filter(None, (args.output, args.queries)):
        check_writable(Path(output))


def _write(name: str, text: str) -> None:
    with writing(Path(name)):
        replace_file(Path(name), text.encode("utf-8", "surrogateescape"))


def _features(args: argparse.Namespace, dataset: "ReidDataset") -> "tuple[Features, object]":
    """Return the features, and what made them for the report."""
    from reid_align.evaluation import adapt_to_dataset, dataset_features
    from reid_align.features import (
        Adaptation,
        ExtractOptions,
        describe_encoder,
        read_description,
        read_features,
    )
    from reid_align.models.select import select_encoder

    if args.features:
        return read_features(*args.features), [read_description(file) for file in args.features]
    options = ExtractOptions(
        args.device,
        args.dtype,
        args.batch_size,
        args.num_workers,
        args.flip,
        normalize=False,
        backend=args.backend,
    )
    encoder = select_encoder(args.model, args.weights, args.seed)
    if args.adapt:
        adaptation = Adaptation(seed=args.seed)
        encoder = adapt_to_dataset(dataset, encoder, adaptation, options, progress=True)
    features = dataset_features(dataset, encoder, options, progress=True)
    return features, [describe_encoder(encoder, options)]


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), evaluate, argv)


if __name__ == "__main__":
    sys.exit(main())
