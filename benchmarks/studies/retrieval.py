"""Draw example queries with their ten nearest images.

    python -m benchmarks.studies.retrieval --data synthetic=data/synth
    python -m benchmarks.studies.retrieval --data cuhk03_detected=data/cuhk03 --worst -o ~/worst.jpg

By default, draws random queries with their nearest images from other cameras, for docs/models.md.
With --worst, shows the queries with the latest first correct match, and that match at the end of
the row; images of other identities from the query's camera stay in the gallery, as in the
evaluation protocol. Images of real people are never written to this repository.

A minute on two cores; writes docs/images/retrieval.jpg.
"""

import argparse
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from benchmarks.command_line import add_data_option, benchmark_parser
from reid_align.cli.encoder_choice import select_encoder
from reid_align.datasets import ReidDataset, load_dataset, read_image
from reid_align.errors import InvalidInputError
from reid_align.evaluation import EvaluationOptions, QueryScore, dataset_features, evaluate
from reid_align.evaluation.feature_matching import LabeledFeatures, match_features, rows_by_path
from reid_align.features import ExtractOptions, Features
from reid_align.files import check_writable, replace_file
from reid_align.metrics import distances
from reid_align.viz.contact_sheets import INK, WHITE, font

ROOT = Path(__file__).resolve().parents[2]
MODELS_IMAGE = ROOT / "docs/images/retrieval.jpg"
# Distinguishable with any kind of color vision.
RIGHT, WRONG, OWN_CAMERA = "#009e73", "#d55e00", "#56b4e9"
WIDTH, HEIGHT, FRAME, GAP, LINE = 64, 128, 4, 4, 16
NEAREST = 10
LARGEST = 250_000


class QueryRow(NamedTuple):
    """A query, its matches as (image, frame color), and a line of text or ""."""

    query: str
    found: list[tuple[str, str]]
    text: str


def check_place(output: Path, dataset: ReidDataset) -> None:
    """Refuse to write images of real people inside the repository."""
    if dataset.name != "synthetic" and output.resolve().is_relative_to(ROOT):
        raise InvalidInputError(
            f"{output} is inside the repository, and {dataset.name} may show real people. "
            "Choose an output outside the repository (-o)."
        )


def drawn(queries: tuple[QueryScore, ...], count: int, seed: int) -> list[QueryScore]:
    """Draw queries of ``count`` identities by a seed, among those with a match in the gallery."""
    shuffled = [queries[index] for index in np.random.default_rng(seed).permutation(len(queries))]
    by_person = {query.person_id: query for query in reversed(shuffled)}
    return [query for query in shuffled if by_person[query.person_id] is query][:count]


def worst(queries: tuple[QueryScore, ...], count: int) -> list[QueryScore]:
    """Return the queries with the latest first correct match."""
    return sorted(queries, key=lambda query: -(query.first_hit or 0))[:count]


def find(
    chosen: QueryScore, query: LabeledFeatures, gallery: LabeledFeatures, *, protocol: bool
) -> QueryRow:
    """Return the row of a query.

    Args:
        chosen: the query.
        query: all queries.
        gallery: the gallery.
        protocol: keep other identities from the query's camera, and append the first correct match.
    """
    index = [record.path for record in query.records].index(chosen.path)
    same = gallery.labels.person_ids == chosen.person_id
    own = np.array([chosen.camera_id == record.camera_id is not None for record in gallery.records])
    itself = np.array([record.path == chosen.path for record in gallery.records])
    near = distances(query.features[index : index + 1], gallery.features)[0]
    near[itself | (own & same if protocol else own)] = np.inf
    order = near.argsort(kind="stable")[: np.isfinite(near).sum()]
    shown, text = order[:NEAREST], ""
    if protocol:
        rank = int(same[order].argmax()) + 1
        shown = np.append(shown, order[rank - 1])
        text = f"camera {chosen.camera_id}; last image: first correct match, at rank {rank:,}"
    colors = np.where(same, RIGHT, np.where(own, OWN_CAMERA, WRONG))
    found = [(gallery.records[place].path, str(colors[place])) for place in shown]
    return QueryRow(chosen.path, found, text)


def rows_of(
    dataset: ReidDataset, features: Features, options: argparse.Namespace
) -> list[QueryRow]:
    """Choose queries of the first split and return their rows."""
    (score,) = evaluate(dataset, features, EvaluationOptions(("cosine",))).scores
    split = dataset.splits[0]
    queries = tuple(query for query in score.queries if query.split == split.name)
    sides = match_features(split, features, rows_by_path(features))
    if options.worst:
        chosen = worst(queries, options.rows)
    else:
        chosen = drawn(queries, options.rows, options.seed)
    return [find(query, *sides, protocol=options.worst) for query in chosen]


def draw(rows: list[QueryRow], caption: str) -> Image.Image:
    """Return the image: one row per query, and the caption below."""
    tile, line = WIDTH + 2 * FRAME + GAP, LINE if any(row.text for row in rows) else 0
    step = HEIGHT + 2 * FRAME + GAP + line
    columns = 1 + max(len(row.found) for row in rows)
    size = (columns + 1) * GAP + columns * (tile - GAP) + GAP, len(rows) * step + LINE + 2 * GAP
    sheet = Image.new("RGB", size, WHITE)
    pen = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        top = GAP + number * step
        for column, (path, color) in enumerate([(row.query, WHITE), *row.found]):
            # Extra space after the query.
            sheet.paste(_framed(path, color), (GAP + column * tile + GAP * (column > 0), top))
        pen.text((GAP + FRAME, top + step - line - GAP), row.text, INK, font(11))
    pen.text((GAP + FRAME, size[1] - LINE - GAP), caption, INK, font(11))
    return sheet


def encoded(image: Image.Image) -> bytes:
    """Encode an image as JPEG with the highest quality below the size limit."""
    for quality in (90, 85, 80, 70, 60, 40):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() < LARGEST:
            return file.getvalue()
    raise InvalidInputError(f"The image exceeds {LARGEST:,} bytes. Reduce --rows.")


def _framed(path: str, color: str) -> Image.Image:
    pixels: NDArray[np.uint8] = read_image(path)
    return ImageOps.expand(Image.fromarray(pixels).resize((WIDTH, HEIGHT)), FRAME, color)


def caption_of(options: argparse.Namespace) -> str:
    """Return the caption of the image."""
    if options.worst:
        return (
            "The worst queries. Green: correct; orange: wrong; blue: wrong, same camera as query."
        )
    return (
        f"Random queries (seed {options.seed}) with their ten nearest images from other cameras. "
        "Green: same identity; orange: different identity."
    )


def main() -> None:
    """Parse the arguments, search, and write the image."""
    parser = benchmark_parser("python -m benchmarks.studies.retrieval", __doc__)
    add_data_option(parser, "the dataset to search")
    parser.add_argument("--model", help="model name, arch or arch.tag")
    parser.add_argument("--weights", help="weights file (default: the published weights)")
    parser.add_argument("--rows", type=int, default=8, help="number of queries")
    parser.add_argument("--seed", type=int, default=0, help="seed for drawing the queries")
    parser.add_argument("--worst", action="store_true", help="show the worst queries")
    parser.add_argument(
        "--flip", action="store_true", help="average features with those of the mirrored image"
    )
    parser.add_argument("--device", default="auto", help="torch device")
    parser.add_argument(
        "-o", "--output", type=Path, help="image file (default: docs/images/retrieval.jpg)"
    )
    options = parser.parse_args()
    if options.worst and options.output is None:
        parser.error("--worst needs -o: the image of the documentation shows random queries.")
    if len(options.data) != 1:
        parser.error("--data NAME=FOLDER is required exactly once.")
    dataset, output = load_dataset(*options.data[0]), options.output or MODELS_IMAGE
    check_place(output, dataset)
    check_writable(output)
    encoder = select_encoder(options.model, options.weights)
    extraction = ExtractOptions(options.device, flip=options.flip, normalize=False)
    features = dataset_features(dataset, encoder, extraction, progress=True)
    caption = caption_of(options)
    content = encoded(draw(rows_of(dataset, features, options), caption))
    replace_file(output, content)
    print(f"{output}, {len(content):,} bytes: {caption}")


if __name__ == "__main__":
    main()
