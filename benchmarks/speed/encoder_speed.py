r"""Speed of the published encoders, side by side.

    python -m benchmarks.speed.encoder_speed

Extracts features from files with each encoder in turn, for some rounds, and compares medians. A
minute on two cores. Writes benchmarks/results/encoder_speed.json.
"""

import json
import statistics
from pathlib import Path

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, provenance, write_result
from benchmarks.speed.extraction_rate import example_paths, extraction_rate
from reid_align import create_model
from reid_align.features import ExtractOptions
from reid_align.features.feature_batches import prepare_encoder, worker_count
from reid_align.inference.device import DtypeName, resolve_device
from reid_align.weights import shipped_weights

ROUNDS, COPIES = 7, 8
DTYPES: tuple[DtypeName, ...] = ("float32", "bfloat16")


def measure(device: str, threads: int | None) -> dict[str, object]:
    """Return images per second of each encoder and dtype, medians of the rounds."""
    paths = example_paths(COPIES)
    names = [entry.name for entry in shipped_weights().values() if entry.kind == "encoder"]
    options = {dtype: ExtractOptions(device, dtype=dtype, num_workers=threads) for dtype in DTYPES}
    prepared = {
        (name, dtype): prepare_encoder(create_model(name, pretrained=True), options[dtype])
        for name in names
        for dtype in DTYPES
    }
    rates: dict[tuple[str, str], list[float]] = {key: [] for key in prepared}
    # The first round is a warm-up.
    for _ in range(1 + ROUNDS):
        for (name, dtype), encoder in prepared.items():
            rates[name, dtype].append(extraction_rate(encoder, paths, options[dtype]))
    return {
        "rows": [
            {
                "label": name,
                **{d: round(statistics.median(rates[name, d][1:]), 1) for d in DTYPES},
            }
            for name in names
        ],
        "rounds": ROUNDS,
        "images": len(paths),
        "threads": worker_count(options["float32"]),
        "device": str(resolve_device(device)),
    }


def main() -> None:
    """Parse the arguments, measure, and write the result."""
    parser = benchmark_parser("python -m benchmarks.speed.encoder_speed", __doc__)
    parser.add_argument("--device", default="auto", help="torch device")
    parser.add_argument("--threads", type=int, help="extraction threads (default: one per core)")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "encoder_speed.json", help="result file"
    )
    options = parser.parse_args()
    found = {"benchmark": "encoder_speed", **measure(options.device, options.threads)}
    result = {**found, **provenance()}
    write_result(options.output, result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
