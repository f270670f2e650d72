r"""Draw whom queries find: a row for each, the ten nearest images beside the query.

    python benchmarks/retrieval.py --data synthetic=data/synth
    python benchmarks/retrieval.py --data cuhk03_detected=data/cuhk03 --worst -o ~/worst.jpg

The first draws queries by a seed, whatever they find, and shows the nearest images by other
cameras, for the README. With ``--worst`` it shows the queries whose first right image comes last,
with that image at the end of the row, and keeps other people that the query's own camera took, as
the protocol does: for finding out what goes wrong. Images of people who exist are never written
into this repository.
"""

import argparse
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from data_option import add_data_option
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from reid_align.cli.encoder_choice import select_encoder
from reid_align.datasets import ReidDataset, load_dataset, read_image
from reid_align.errors import InvalidInputError
from reid_align.evaluation import EvaluationOptions, QueryScore, dataset_features, evaluate
from reid_align.evaluation.feature_matching import LabeledFeatures, match_features, rows_by_path
from reid_align.features import ExtractOptions, Features
from reid_align.files import check_writable, replace_file
from reid_align.metrics import distances
from reid_align.viz.style import INK, WHITE, font

ROOT = Path(__file__).resolve().parents[1]
README_IMAGE = ROOT / "docs/images/retrieval.jpg"
# Colors that people with any kind of color vision can tell apart.
RIGHT, WRONG, OWN_CAMERA = "#009e73", "#d55e00", "#56b4e9"
WIDTH, HEIGHT, FRAME, GAP, LINE = 64, 128, 4, 4, 16
NEAREST = 10
LARGEST = 250_000


class Row(NamedTuple):
    """A query, what it found as (image, color of its frame), and a line of text, or ""."""

    query: str
    found: list[tuple[str, str]]
    text: str


def check_place(output: Path, dataset: ReidDataset) -> None:
    """Refuse to write images of people who exist below the root of the repository."""
    if dataset.name != "synthetic" and output.resolve().is_relative_to(ROOT):
        raise InvalidInputError(
            f"{output} lies in the repository, and {dataset.name} may show people who exist: their "
            "images do not belong there. Give another place with -o."
        )


def drawn(queries: tuple[QueryScore, ...], count: int, seed: int) -> list[QueryScore]:
    """Return queries of so many people, drawn by a seed from those with anything to find."""
    shuffled = [queries[index] for index in np.random.default_rng(seed).permutation(len(queries))]
    by_person = {query.person_id: query for query in reversed(shuffled)}
    return [query for query in shuffled if by_person[query.person_id] is query][:count]


def worst(queries: tuple[QueryScore, ...], count: int) -> list[QueryScore]:
    """Return the queries whose first right image comes last."""
    return sorted(queries, key=lambda query: -(query.first_hit or 0))[:count]


def find(
    chosen: QueryScore, query: LabeledFeatures, gallery: LabeledFeatures, *, protocol: bool
) -> Row:
    """Return the row of a query.

    Args:
        chosen: the query.
        query: all queries.
        gallery: what is searched.
        protocol: keep other people by the query's own camera, and end with the first right image.
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
        text = f"camera {chosen.camera_id}; the last is the first right one, at rank {rank:,}"
    colors = np.where(same, RIGHT, np.where(own, OWN_CAMERA, WRONG))
    found = [(gallery.records[place].path, str(colors[place])) for place in shown]
    return Row(chosen.path, found, text)


def rows_of(dataset: ReidDataset, features: Features, options: argparse.Namespace) -> list[Row]:
    """Choose queries of the first split, and return their rows."""
    (score,) = evaluate(dataset, features, EvaluationOptions(("cosine",))).scores
    split = dataset.splits[0]
    queries = tuple(query for query in score.queries if query.split == split.name)
    sides = match_features(split, features, rows_by_path(features))
    if options.worst:
        chosen = worst(queries, options.rows)
    else:
        chosen = drawn(queries, options.rows, options.seed)
    return [find(query, *sides, protocol=options.worst) for query in chosen]


def draw(rows: list[Row], caption: str) -> Image.Image:
    """Return the image: a row below the other, and the caption at the end."""
    tile, line = WIDTH + 2 * FRAME + GAP, LINE if any(row.text for row in rows) else 0
    step = HEIGHT + 2 * FRAME + GAP + line
    columns = 1 + max(len(row.found) for row in rows)
    size = (columns + 1) * GAP + columns * (tile - GAP) + GAP, len(rows) * step + LINE + 2 * GAP
    sheet = Image.new("RGB", size, WHITE)
    pen = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        top = GAP + number * step
        for column, (path, color) in enumerate([(row.query, WHITE), *row.found]):
            # A little more room beside the query.
            sheet.paste(_framed(path, color), (GAP + column * tile + GAP * (column > 0), top))
        pen.text((GAP + FRAME, top + step - line - GAP), row.text, INK, font(11))
    pen.text((GAP + FRAME, size[1] - LINE - GAP), caption, INK, font(11))
    return sheet


def encoded(image: Image.Image) -> bytes:
    """Return a image as the best JPEG file below the largest size that is wanted."""
    for quality in (90, 85, 80, 70, 60, 40):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() < LARGEST:
            return file.getvalue()
    raise InvalidInputError(f"The image is above {LARGEST:,} bytes: ask for fewer rows.")


def _framed(path: str, color: str) -> Image.Image:
    pixels: NDArray[np.uint8] = read_image(path)
    return ImageOps.expand(Image.fromarray(pixels).resize((WIDTH, HEIGHT)), FRAME, color)


def caption_of(options: argparse.Namespace) -> str:
    """Return what a image shows."""
    if options.worst:
        return (
            "The worst queries. Green: right; red: wrong; blue: wrong, by the query's own camera."
        )
    return (
        f"Queries drawn by seed {options.seed}, not by result, with their ten nearest images by "
        "other cameras. Green: the same person; red: another."
    )


def main() -> None:
    """Parse the arguments, search, and write the image."""
    parser = argparse.ArgumentParser("retrieval.py", description=__doc__)
    add_data_option(parser, "the dataset")
    parser.add_argument("--model", help="an architecture, or arch.tag")
    parser.add_argument("--weights", help="default: the published weights")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0, help="draws the queries")
    parser.add_argument("--worst", action="store_true", help="those whose first right one is last")
    parser.add_argument("--flip", action="store_true", help="average with the mirror image")
    parser.add_argument("--device", default="auto")
    parser.add_argument("-o", "--output", type=Path, help="default: docs/images/retrieval.jpg")
    options = parser.parse_args()
    if options.worst and options.output is None:
        parser.error("--worst: say where to with -o; the README shows queries drawn by a seed.")
    if len(options.data) != 1:
        parser.error("--data NAME=FOLDER: give it once.")
    dataset, output = load_dataset(*options.data[0]), options.output or README_IMAGE
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
