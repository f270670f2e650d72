r"""What trained weights weigh, how fast they are, and whom they find.

    python benchmarks/zoo.py --data synthetic=data/synth --data cuhk03_detected=data/cuhk03
    python benchmarks/zoo.py --weights runs/san/san/encoder.safetensors --label mine \
        --data synthetic=data/synth

Without ``--weights`` all encoders of the shipped manifest are measured. A dataset is scored with
cosine distances, and each way is reported apart: plain; averaged with the mirror image and with
batch norms adapted to queries and gallery ("flip_adapted"); both of these whitened camera by camera
("…camera_wise"); and all of them re-ranked by k-reciprocal neighbors ("…reranked"). Beside them
stand two figures on what gets in the way, see `transfer_score.score`: the share of images by a
query's own camera among the ten nearest, and rank-1 within the own camera, which means little where
a camera sees most people once, as in synthetic sets. Speed is that of `extract` from files, the
median of some rounds.

Every run adds rows to the table in benchmarks/results/zoo.json, in the place of those of the same
label.
"""

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from data_option import add_data_option
from PIL import Image
from provenance import RESULTS, provenance, write_result
from transfer_score import labeled_images_of
from transfer_score import score as score_by_camera

from reid_align import Encoder, create_model, from_pretrained
from reid_align.datasets import ReidDataset, load_dataset
from reid_align.evaluation import (
    EvaluationOptions,
    adapt_to_dataset,
    dataset_features,
    evaluate,
)
from reid_align.features import Adaptation, ExtractOptions, Features, NamedImage, resolve_device
from reid_align.weights import shipped_weights

EXAMPLES = Path(__file__).parents[1] / "examples"
ROUNDS, COPIES = 5, 4
SMALL_COPIES = "128×64 copies of the crops"
Scores = dict[str, object]


class Subject(NamedTuple):
    """An encoder to measure, the size of its file, and its license if it is known."""

    label: str
    encoder: Encoder
    bytes: int
    license: str | None


def subjects(weights: Path | None, label: str | None) -> list[Subject]:
    """Return what is to be measured: one file, or all encoders of the shipped manifest."""
    if weights is not None:
        return [Subject(str(label), from_pretrained(weights), weights.stat().st_size, None)]
    return [
        Subject(entry.name, create_model(entry.name, pretrained=True), entry.bytes, entry.license)
        for entry in shipped_weights().values()
        if entry.kind == "encoder"
    ]


def speed(encoder: Encoder, device: str, threads: int | None) -> dict[str, object]:
    """Return how many images a second come from files to features: the median of the rounds."""
    options = ExtractOptions(device, num_workers=threads)
    prepared = options.prepare(encoder)
    paths = sorted(map(str, EXAMPLES.glob("*.jpg"))) * COPIES
    rates = []
    # The first round only warms up.
    for _ in range(1 + ROUNDS):
        began = time.perf_counter()
        found = options.batches((NamedImage(path, path) for path in paths), prepared)
        count = sum(len(batch.paths) for batch in found)
        rates.append(count / (time.perf_counter() - began))
    return {
        "median": round(statistics.median(rates[1:]), 1),
        "rounds": ROUNDS,
        "images": len(paths),
        "threads": options.workers,
        "device": str(resolve_device(device)),
    }


def scores(encoder: Encoder, name: str, folder: str, device: str) -> Scores:
    """Return rank-1 and mAP on a dataset in all ways, in percent, and what gets in the way."""
    dataset = load_dataset(name, folder)
    found: Scores = {"note": note(dataset)}
    measures = EvaluationOptions(("cosine",), rerank=True, normalize_cameras=True)
    for helps in ((), ("flip", "adapted")):
        options = ExtractOptions(device, flip=bool(helps), normalize=False)
        if helps:
            encoder = adapt_to_dataset(dataset, encoder, Adaptation(), options, progress=True)
        features = dataset_features(dataset, encoder, options, progress=True)
        for score in evaluate(dataset, features, measures).scores:
            way = [*helps, *["camera_wise"] * score.normalized_cameras]
            way += ["reranked"] * score.reranked
            mean_ap = score.mean_average_precision
            found["_".join(way) or "plain"] = {
                "rank1": round(100 * score.rank(1), 2),
                "mAP": None if mean_ap is None else round(100 * mean_ap, 2),
            }
        if not helps:
            found |= own_camera(dataset, features)
    return found


def own_camera(dataset: ReidDataset, features: Features) -> dict[str, float]:
    """Return how much a query's own camera gets in the way, over the images of the first split.

    The first image of each person in each camera is a query, the others are the gallery.
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
    """Return what a reader has to know of the images: CUHK03 is also around as small copies."""
    if not dataset.name.startswith("cuhk03"):
        return None
    sizes = set()
    for record in dataset.splits[0].query:
        with Image.open(record.path) as image:
            sizes.add(image.size)
    return SMALL_COPIES if sizes == {(64, 128)} else None


def measure(subject: Subject, options: argparse.Namespace) -> dict[str, object]:
    """Return one row of the table."""
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
    """Parse the arguments, measure, and write the rows into the table."""
    parser = argparse.ArgumentParser("zoo.py", description=__doc__)
    parser.add_argument("--weights", type=Path, help="a file of an encoder; default: the manifest")
    parser.add_argument("--label", help="what that file is called")
    add_data_option(parser, "a dataset to score on")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, help="default: one for each core")
    parser.add_argument("--output", type=Path, default=RESULTS / "zoo.json")
    options = parser.parse_args()
    if (options.weights is None) != (options.label is None):
        parser.error("--weights and --label belong together: give both, or none.")
    before = json.loads(options.output.read_text("utf-8")) if options.output.exists() else {}
    rows = {row["label"]: row for row in before.get("rows", [])}
    for subject in subjects(options.weights, options.label):
        rows[subject.label] = measure(subject, options)
        print(json.dumps(rows[subject.label], indent=2))
        # After each: the next one may take an hour.
        write_result(options.output, {"benchmark": "zoo", "rows": list(rows.values())})
    if not rows:
        parser.error("The shipped manifest has no encoders yet: give --weights FILE --label NAME.")


if __name__ == "__main__":
    main()
