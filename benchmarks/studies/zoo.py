r"""Size, speed and accuracy of published weights.

    python -m benchmarks.studies.zoo --data synthetic=data/synth --data cuhk03_detected=data/cuhk03
    python -m benchmarks.studies.zoo --weights runs/san/san/encoder.safetensors --label mine \
        --data synthetic=data/synth

Measures all encoders of the manifest, those of --only, or one file with --weights. Accuracy uses
cosine distance: plain; with flipped images and batch norms adapted to query and gallery images
("flip_adapted"); both also with camera normalization ("…camera_wise"); and each re-ranked
("…reranked"). Also reports the influence of the query's camera, see `transfer_score.score`; rank-1
within the query's camera means little if a camera sees most identities once, as in synthetic sets.
Speed is that of `extract` from files, median of some rounds.

Time per encoder on two cores: a minute without --data, up to an hour with CUHK03. Writes one row
per encoder to benchmarks/results/zoo.json and replaces rows with the same label.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.command_line import add_data_option, benchmark_parser
from benchmarks.result_files import RESULTS, provenance, write_result
from benchmarks.speed.extraction_rate import example_paths, extraction_rate
from benchmarks.studies.transfer_score import labeled_images_of
from benchmarks.studies.transfer_score import score as score_by_camera
from reid_align import Encoder, create_model, from_pretrained
from reid_align.datasets import ReidDataset, load_dataset
from reid_align.evaluation import (
    EvaluationOptions,
    adapt_to_dataset,
    dataset_features,
    evaluate,
)
from reid_align.features import Adaptation, ExtractOptions, Features
from reid_align.features.feature_batches import prepare_encoder, worker_count
from reid_align.inference.device import resolve_device
from reid_align.weights import shipped_weights

ROUNDS, COPIES = 5, 4
SMALL_COPIES = "128×64 copies of the crops"
Scores = dict[str, object]


class MeasuredEncoder(NamedTuple):
    """An encoder with its file size and license (None if unknown)."""

    label: str
    encoder: Encoder
    bytes: int
    license: str | None


def select_encoders(
    weights: Path | None, label: str | None, only: Sequence[str] = ()
) -> list[MeasuredEncoder]:
    """Return the encoders to measure: one file, or those of the manifest."""
    if weights is not None:
        return [MeasuredEncoder(str(label), from_pretrained(weights), weights.stat().st_size, None)]
    return [
        MeasuredEncoder(
            entry.name, create_model(entry.name, pretrained=True), entry.bytes, entry.license
        )
        for entry in shipped_weights().values()
        if entry.kind == "encoder" and (not only or entry.name in only)
    ]


def speed(encoder: Encoder, device: str, threads: int | None) -> dict[str, object]:
    """Return images per second from files to features, median of the rounds."""
    options = ExtractOptions(device, num_workers=threads)
    prepared = prepare_encoder(encoder, options)
    paths = example_paths(COPIES)
    # The first round is a warm-up.
    rates = [extraction_rate(prepared, paths, options) for _ in range(1 + ROUNDS)]
    return {
        "median": round(statistics.median(rates[1:]), 1),
        "rounds": ROUNDS,
        "images": len(paths),
        "threads": worker_count(options),
        "device": str(resolve_device(device)),
    }


def scores(encoder: Encoder, name: str, folder: str, device: str) -> Scores:
    """Return rank-1 and mAP in percent of every mode on a dataset, and the camera bias."""
    dataset = load_dataset(name, folder)
    found: Scores = {"note": note(dataset)}
    measures = EvaluationOptions(("cosine",), rerank=True, normalize_cameras=True)
    for options_on in ((), ("flip", "adapted")):
        options = ExtractOptions(device, flip=bool(options_on), normalize=False)
        if options_on:
            encoder = adapt_to_dataset(dataset, encoder, Adaptation(), options, progress=True)
        features = dataset_features(dataset, encoder, options, progress=True)
        for score in evaluate(dataset, features, measures).scores:
            mode = [*options_on, *["camera_wise"] * score.normalize_cameras]
            mode += ["reranked"] * score.reranked
            mean_ap = score.mean_average_precision
            found["_".join(mode) or "plain"] = {
                "rank1": round(100 * score.rank(1), 2),
                "mAP": None if mean_ap is None else round(100 * mean_ap, 2),
            }
        if not options_on:
            found |= own_camera(dataset, features)
    return found


def own_camera(dataset: ReidDataset, features: Features) -> dict[str, float]:
    """Return the camera bias on the images of the first split.

    The first image of each identity and camera is a query, the others are the gallery.
    """
    split = dataset.splits[0]
    records = {r.path: r for r in (*split.query, *split.gallery) if r.person_id >= 0}
    rows = [row for row, path in enumerate(features.paths) if path in records]
    chosen = [records[features.paths[row]] for row in rows]
    values = features.values[rows]
    images = labeled_images_of(chosen, np.empty((len(rows), 0), np.uint8))
    found = score_by_camera(values / np.linalg.norm(values, axis=1, keepdims=True), images)
    return {key: found[key] for key in ("own_camera", "rank1_own_camera")}


def note(dataset: ReidDataset) -> str | None:
    """Return a remark on the image size of CUHK03, which also circulates as small copies."""
    if not dataset.name.startswith("cuhk03"):
        return None
    sizes = set()
    for record in dataset.splits[0].query:
        with Image.open(record.path) as image:
            sizes.add(image.size)
    return SMALL_COPIES if sizes == {(64, 128)} else None


def measure(subject: MeasuredEncoder, options: argparse.Namespace) -> dict[str, object]:
    """Return one table row."""
    encoder = subject.encoder
    return {
        "label": subject.label,
        "architecture": encoder.architecture,
        "arch_args": dict(encoder.arch_args),
        "sha256": encoder.origin.sha256,
        "license": subject.license,
        "bytes": subject.bytes,
        "parameters": sum(parameter.numel() for parameter in encoder.parameters()),
        "feature_dim": encoder.feature_dim,
        "height": encoder.preprocess.height,
        "width": encoder.preprocess.width,
        "images_per_second": speed(encoder, options.device, options.threads),
        "scores": {
            name: scores(encoder, name, folder, options.device) for name, folder in options.data
        },
        **provenance(),
    }


def main() -> None:
    """Parse the arguments, measure, and write the rows."""
    parser = benchmark_parser("python -m benchmarks.studies.zoo", __doc__)
    parser.add_argument(
        "--weights", type=Path, help="encoder file (default: all published encoders)"
    )
    parser.add_argument("--label", help="label of that file")
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="published weights")
    add_data_option(parser, "dataset to score; repeatable")
    parser.add_argument("--device", default="auto", help="torch device")
    parser.add_argument("--threads", type=int, help="extraction threads (default: one per core)")
    parser.add_argument("--output", type=Path, default=RESULTS / "zoo.json", help="result file")
    options = parser.parse_args()
    if (options.weights is None) != (options.label is None):
        parser.error("--weights and --label must be given together.")
    before = json.loads(options.output.read_text("utf-8")) if options.output.exists() else {}
    rows = {row["label"]: row for row in before.get("rows", [])}
    for subject in select_encoders(options.weights, options.label, options.only):
        rows[subject.label] = measure(subject, options)
        print(json.dumps(rows[subject.label], indent=2))
        # Written after each encoder, because the next one may take an hour.
        write_result(options.output, {"benchmark": "zoo", "rows": list(rows.values())})
    if not rows:
        parser.error("The manifest has no encoders. Give --weights FILE --label NAME.")


if __name__ == "__main__":
    main()
