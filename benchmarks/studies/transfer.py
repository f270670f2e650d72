"""Score training sets and encoders on the 767 training identities of CUHK03-NP.

    python -m benchmarks.studies.transfer data/synth --cuhk03 data/cuhk03 --label "muted colors"
    python -m benchmarks.studies.transfer --encoder runs/san/san --cuhk03 data/cuhk03 --label "SAN"

The first form compares synthetic sets: it trains one small network with fixed settings on a set's
training identities and scores it, without adaptation, on CUHK03-NP and on the set's test
identities, next to a color histogram. About 20 minutes on two cores; adds a row to
benchmarks/results/transfer.json.

The second form scores a trained encoder: plain, with flipped images, and with batch norms adapted,
each also with camera normalization (--plain: only the first). A few minutes; adds a row to
benchmarks/results/transfer_encoders.json.

The first image of each identity and camera is a query, the others are the gallery. The test
identities of CUHK03-NP are not used. Needs scipy. A row replaces one with the same label.
"""

import argparse
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, add_row, provenance
from benchmarks.studies.small_net import HEIGHT, WIDTH, Images, features_of, train
from benchmarks.studies.transfer_score import (
    MODES,
    PLAIN,
    Features,
    LabeledImages,
    encoder_scores,
    labeled_images_of,
    named_encoder,
    score,
)
from reid_align.datasets import load_dataset
from reid_align.preprocess import Preprocess
from reid_align.shard_set import ShardSet

STRIPES, BINS = 8, (16, 8, 8)
PREPROCESS_OPTIONS = ("smoothing", "stretch")


def color_stripes(images: Images) -> Features:
    """Return (N, 256) square roots of HSV histograms of eight horizontal stripes."""
    found = []
    for image in images:
        pixels = np.asarray(Image.fromarray(image).convert("HSV")).reshape(STRIPES, -1, 3)
        counts = [
            np.bincount(stripe[:, k].astype(np.int64) * bins // 256, minlength=bins)
            for stripe in pixels
            for k, bins in enumerate(BINS)
        ]
        found.append(np.sqrt(np.concatenate(counts) / pixels.shape[1]))
    return np.stack(found).astype(np.float32)


def read_set(folder: Path) -> dict[str, LabeledImages]:
    """Return the images of a synthetic set, by split."""
    source = ShardSet(folder)
    splits = source.column("images", "split")
    people = source.column("images", "person").astype(np.int64)
    cameras = source.column("images", "camera").astype(np.int64)
    result = {}
    for index, name in enumerate(("train", "val", "test")):
        rows = np.flatnonzero(splits == index)
        files = (io.BytesIO(source.file("images", "jpeg", int(row))) for row in rows)
        images = np.stack([read_image(file) for file in files])
        result[name] = LabeledImages(images, people[rows], cameras[rows])
    return result


def read_cuhk03(folder: Path) -> LabeledImages:
    """Return the training images of CUHK03-NP detected."""
    records = load_dataset("cuhk03_detected", folder).train
    return labeled_images_of(records, np.stack([read_image(record.path) for record in records]))


def read_image(file: str | io.BytesIO) -> Images:
    """Return one image as (128, 64, 3)."""
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Train and score the small network, and return one table row."""
    splits = read_set(options.set)
    cuhk03 = read_cuhk03(options.cuhk03)
    images, people, _ = splits["train"]
    labels = np.unique(people, return_inverse=True)[1].astype(np.int64)
    net = train(images, labels, options.steps, options.seed)
    histogram = {
        name: score(color_stripes(some.images), some)
        for name, some in (("own", splits["test"].of_first(300)), ("cuhk03", cuhk03.of_first(300)))
    }
    return {
        "label": options.label,
        "images": len(images),
        "identities": int(labels.max()) + 1,
        "steps": options.steps,
        "seed": options.seed,
        "parameters": sum(p.numel() for p in net.trunk.parameters()),
        "cuhk03_train": score(features_of(net, cuhk03.images), cuhk03),
        "own_test": score(features_of(net, splits["test"].images), splits["test"]),
        "color_histogram": histogram,
        **provenance(),
    }


def with_overrides(preprocess: Preprocess, options: argparse.Namespace) -> Preprocess:
    """Return the preprocessing with the options applied."""
    asked = {name: getattr(options, name) for name in PREPROCESS_OPTIONS}
    return replace(
        preprocess, **{name: value for name, value in asked.items() if value is not None}
    )


def measure_encoder(options: argparse.Namespace) -> dict[str, object]:
    """Score an encoder and return one table row."""
    encoder = named_encoder(options.encoder)
    encoder.preprocess = with_overrides(encoder.preprocess, options)
    return {
        "label": options.label,
        "architecture": encoder.architecture,
        "arch_args": dict(encoder.arch_args),
        "sha256": encoder.origin.sha256,
        "feature_dim": encoder.feature_dim,
        "height": encoder.preprocess.height,
        "width": encoder.preprocess.width,
        **{name: getattr(encoder.preprocess, name) for name in PREPROCESS_OPTIONS},
        "cuhk03_train": encoder_scores(
            encoder,
            load_dataset("cuhk03_detected", options.cuhk03).train,
            PLAIN if options.plain else MODES,
        ),
        **provenance(),
    }


def main() -> None:
    """Parse the arguments, measure, and write the row."""
    parser = benchmark_parser("python -m benchmarks.studies.transfer", __doc__)
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument("set", type=Path, nargs="?", help="folder of a synthetic set to train on")
    subject.add_argument(
        "--encoder", help="encoder to score: model name, weights file or run folder"
    )
    for name in PREPROCESS_OPTIONS:
        parser.add_argument(
            f"--{name}", type=float, help=f"{name} of the input images (default: the encoder's)"
        )
    parser.add_argument("--plain", action="store_true", help="score plain features only")
    parser.add_argument(
        "--cuhk03", type=Path, required=True, help="CUHK03 folder with images_detected/"
    )
    parser.add_argument("--label", required=True, help="label of the row")
    parser.add_argument("--output", type=Path, help="result file (default: see above)")
    parser.add_argument("--steps", type=int, default=3000, help="training steps")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    parser.add_argument("--threads", type=int, default=2, help="torch threads")
    options = parser.parse_args()
    evens = any(getattr(options, name) is not None for name in PREPROCESS_OPTIONS)
    if not options.encoder and (options.plain or evens):
        parser.error(f"--plain, --{' and --'.join(PREPROCESS_OPTIONS)} are for an --encoder")
    torch.set_num_threads(options.threads)
    table = "transfer_encoders" if options.encoder else "transfer"
    row = measure_encoder(options) if options.encoder else measure(options)
    print(json.dumps(row, indent=2))
    add_row(options.output or RESULTS / f"{table}.json", table, row)


if __name__ == "__main__":
    main()
