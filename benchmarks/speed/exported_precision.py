r"""Loss, size and speed of exported files: float32, float16 and int8.

    python -m benchmarks.speed.exported_precision --data cuhk03_detected=data/cuhk03
    python -m benchmarks.speed.exported_precision --models dsa_reid --precisions int8

Exports each encoder to .onnx, with int8 calibrated on training images of the dataset (without
--data: on examples/), and extracts the dataset as `extract --model model.onnx` does. Reports
rank-1 and mAP (cosine distance), and the cosine of each image's features to those of `extract`.
Speed includes all preprocessing, on images of the input size in memory: best round, all files in
turn. A dataset takes up to an hour on two cores.

Writes one row per encoder to benchmarks/results/exported_precision.json.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.command_line import NamedFolder, add_data_option, benchmark_parser
from benchmarks.result_files import RESULTS, add_row, provenance
from benchmarks.speed.timing import best_of, rate
from reid_align import Encoder, create_model
from reid_align.datasets import ReidDataset, load_dataset, read_image
from reid_align.evaluation import EvaluationOptions, dataset_features, evaluate
from reid_align.exporting import Precision, export_encoder, open_exported
from reid_align.features import ExtractOptions, Features
from reid_align.features.feature_batches import prepare_encoder
from reid_align.images import find_images

EXAMPLES = Path(__file__).parents[2] / "examples"
PRECISIONS: tuple[Precision, ...] = ("float32", "float16", "int8")
REFERENCE = "extract"
CALIBRATION_IMAGES = 128
BATCH = 8


def calibration_paths(dataset: ReidDataset | None) -> list[str]:
    """Return evenly spaced training images of a dataset, or the example images."""
    paths = (
        [record.path for record in dataset.train] if dataset else list(find_images([str(EXAMPLES)]))
    )
    return paths[:: max(1, len(paths) // CALIBRATION_IMAGES)][:CALIBRATION_IMAGES]


def speed(encoder: Encoder, seconds: float) -> float:
    """Return images per second, with preprocessing after the resize."""
    prepared = prepare_encoder(encoder, ExtractOptions("cpu", batch_size=BATCH))
    height, width = encoder.preprocess.height, encoder.preprocess.width
    pixels = np.random.default_rng(0).integers(0, 256, (BATCH, height, width, 3), dtype=np.uint8)
    return BATCH * rate(lambda: prepared(pixels), prepared.parallelism, seconds)


def compare(
    dataset: ReidDataset, features: Features, expected: NDArray[np.float32]
) -> dict[str, float]:
    """Return accuracy in percent, and the smallest, first-percentile and mean cosine."""
    (score,) = evaluate(dataset, features, EvaluationOptions(("cosine",))).scores
    cosines = (features.values.astype(np.float64) * expected).sum(1)
    return {
        "rank1": round(100 * score.rank(1), 2),
        "mAP": round(100 * (score.mean_average_precision or 0), 2),
        "min_cosine": round(float(cosines.min()), 5),
        "percentile1_cosine": round(float(np.quantile(cosines, 0.01)), 5),
        "mean_cosine": round(float(cosines.mean()), 5),
        "images": len(cosines),
    }


def measure(
    encoder: Encoder,
    precisions: Sequence[Precision],
    data: NamedFolder | None,
    options: argparse.Namespace,
    folder: Path,
) -> dict[str, object]:
    """Export an encoder in each precision and measure the files."""
    dataset = load_dataset(data.name, data.folder) if data else None
    paths = calibration_paths(dataset)
    images = [read_image(path) for path in paths]
    encoders, sizes = {REFERENCE: encoder}, {}
    for precision in precisions:
        path = folder / f"{precision}.onnx"
        sizes[precision] = export_encoder(encoder, path, precision=precision, images=images).bytes
        encoders[precision] = open_exported(path)
    works: dict[str, Callable[[], float]] = {
        name: partial(speed, one, options.seconds) for name, one in encoders.items()
    }
    found: dict[str, object] = {"bytes": sizes, "calibration_images": len(images)}
    if options.rounds:
        rates = best_of(options.rounds, works)
        found["images_per_second"] = {name: round(value, 1) for name, value in rates.items()}
    if dataset:
        scores: dict[str, dict[str, float]] = {}
        expected: NDArray[np.float32] | None = None
        for name, one in encoders.items():
            features = dataset_features(dataset, one, ExtractOptions("cpu"), progress=True)
            expected = features.values if expected is None else expected
            scores[name] = compare(dataset, features, expected)
            print(f"  {name}: {scores[name]}", flush=True)
        found |= {"dataset": dataset.name, "scores": scores}
    return found


def main() -> None:
    """Parse the arguments, measure each encoder, and write its row."""
    parser = benchmark_parser("python -m benchmarks.speed.exported_precision", __doc__)
    parser.add_argument(
        "--models",
        nargs="+",
        default=["san_resnet50", "dsa_reid"],
        help="encoders with published weights",
    )
    parser.add_argument(
        "--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS, help="number formats"
    )
    add_data_option(parser, "dataset to score; at most one")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the speed; 0: none")
    parser.add_argument("--seconds", type=float, default=1.0, help="duration of each measurement")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "exported_precision.json", help="result file"
    )
    options = parser.parse_args()
    if len(options.data) > 1:
        parser.error("--data: give one dataset.")
    data = options.data[0] if options.data else None
    for name in options.models:
        encoder = create_model(name, pretrained=True)
        row = {"label": name, **provenance(), "batch": BATCH}
        row |= {"height": encoder.preprocess.height, "width": encoder.preprocess.width}
        with tempfile.TemporaryDirectory() as folder:
            row |= measure(encoder, options.precisions, data, options, Path(folder))
        add_row(options.output, "exported_precision", row)


if __name__ == "__main__":
    main()
