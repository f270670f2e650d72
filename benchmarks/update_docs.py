"""Update the generated tables and figures of README.md and docs/.

    python benchmarks/update_docs.py            # rewrite the blocks and redraw the figures
    python benchmarks/update_docs.py --check    # exit with 1 if a block is out of date

A block is the text between ``<!-- results: NAME -->`` and ``<!-- end of results -->`` in README.md
or any Markdown file below docs/ (folders that start with "_" or "." are skipped). NAME is one of:

- a result file: benchmarks/results/NAME.json,
- "recipes": the list of recipes,
- "paper_TABLE": a table of the papers, such as "paper_san1",
- "paper_variants": table rows that were trained with changed settings.

Figures are written to docs/images/NAME.png, and to docs/images/paper_DATASET.png for the papers'
tables, if a page shows them.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from aligned.tables import alignment, draw_alignment
from docs_tables import Record, origin, origins, table
from encoder_table import fitted, fused_maps, loss_gradients, storage, transfer_encoders, variations
from evaluation_tables import draw_evaluation, evaluation
from paper.docs import documented, documented_variants, draw_documented
from PIL import Image
from profile_tables import precision, training_profile
from provenance import RESULTS
from speed_tables import draw_throughput, latency, throughput
from zoo_table import zoo

from reid_align.recipes import RECIPES

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
PAPER, PAPER_RESULTS = "paper_", RESULTS / "paper_tables"
DRAWN = re.compile(r"images/paper_(\w+)\.png")
MARKED = re.compile(r"<!-- results: (\w+) -->\n.*?<!-- end of results -->", re.DOTALL)


def transfer(record: Record) -> str:
    """Return what each set of synthetic people was worth."""
    rows = []
    for row in record["rows"]:
        real, own = row["cuhk03_train"], row["own_test"]
        histogram = row.get("color_histogram", {}).get("own", {})
        rows.append(
            (
                row["label"],
                f"{real['rank1']:.1f} / {real['mAP']:.1f}",
                _percent(real.get("own_camera")),
                _percent(real.get("rank1_own_camera")),
                f"{own['rank1']:.1f} / {own['mAP']:.1f}",
                f"{histogram['rank1']:.1f} / {histogram['mAP']:.1f}" if histogram else "",
            )
        )
    head = (
        "trained on", "real people: rank-1 / mAP", "of the ten nearest, from the own camera",
        "rank-1 within the own camera", "its own test people: rank-1 / mAP",
        "the same, by a color histogram",
    )  # fmt: skip
    real = record["rows"][-1]["color_histogram"]["cuhk03"]
    color = (
        f"On the first 300 of the real persons the same histogram finds {real['rank1']:.1f} / "
        f"{real['mAP']:.1f}: between cameras, color is hardly a clue."
    )
    return "\n\n".join((table(head, rows), color, origins(record["rows"])))


def synth_speed(record: Record) -> str:
    """Return where the time of a image goes, and how it grows with processes."""
    one, processes = record["one_core"], record["processes"]
    stages = [(name, f"{cost:.2f}") for name, cost in one["stages_ms"].items()]
    stages.append(("all, without a profiler", f"{one['ms']:.2f}"))
    runs = [
        (run["workers"], run["identities"] * run["images"], run["seconds"], run["peak_mib"])
        for run in processes["runs"]
    ]
    rates = processes["per_second"]
    summary = (
        f"Beyond its start, one process makes {rates['1']:.0f} images a second and two make "
        f"{rates['2']:.0f}, {processes['speed_up']:.2f} times as many."
    )
    head = "processes", "images", "seconds, start included", "peak memory of a process, MiB"
    return "\n\n".join(
        (table(("stage", "ms a image"), stages), table(head, runs), summary, origin(record))
    )


def loading(record: Record) -> str:
    """Return how fast training images are loaded."""
    rows = [(name, *rates.values()) for name, rates in record["images_per_second"].items()]
    workers = record["workers"]
    head = "images a second", "a core", "finished by one thread", f"with {workers} workers"
    return f"{table(head, rows)}\n\n{origin(record)}"


def training_step(record: Record) -> str:
    """Return where the time of a training step goes."""
    rows = []
    for name, found in record["recipes"].items():
        shares = ", ".join(f"{op} {share:.0%}" for op, share in found["costliest"].items())
        bare, step = f"{found['bare_ms']:.0f}", f"{found['step_ms']:.0f}"
        rows.append((name, bare, step, f"{found['ratio']:.2f}", shares.replace("aten::", "")))
    head = "recipe", "networks alone, ms", "whole step, ms", "ratio", "what costs most"
    size = f"{record['batch']} images of {record['height']}×{record['width']}"
    return f"{table(head, rows)}\n\nA batch has {size}. {origin(record)}"


def recipes() -> str:
    """Return all recipes with the published results that they should reach."""
    rows = []
    for name in RECIPES:
        recipe = RECIPES[name]
        published = [
            f"{one.dataset} {one.rank1}" + (f" / {one.mean_ap}" if one.mean_ap else "")
            for one in recipe.expected
            if one.feature == "f"
        ]
        rows.append((f"`{name}`", recipe.purpose, recipe.source, "; ".join(published)))
    return table(("recipe", "what", "source", "published: rank-1 / mAP"), rows)


TABLES: dict[str, Callable[[Record], str]] = {
    "transfer": transfer,
    "transfer_encoders": transfer_encoders,
    "variations": variations,
    "fitted": fitted,
    "fused_maps": fused_maps,
    "loss_gradients": loss_gradients,
    "storage": storage,
    "synth_speed": synth_speed,
    "loading": loading,
    "training_step": training_step,
    "throughput": throughput,
    "throughput_zen4": partial(throughput, image="throughput_zen4"),
    "latency": latency,
    "evaluation": evaluation,
    "precision": precision,
    "training_profile": training_profile,
    "alignment": alignment,
    "zoo": zoo,
}
FIGURES: dict[str, Callable[[Record], Image.Image]] = {
    "throughput": draw_throughput,
    "throughput_zen4": draw_throughput,
    "evaluation": draw_evaluation,
    "alignment": draw_alignment,
}


def find_pages(root: Path) -> list[Path]:
    """Return README.md and every Markdown file below docs/, except build output."""
    docs = root / "docs"
    pages = [
        path
        for path in sorted(docs.rglob("*.md"))
        if not any(part[0] in "._" for part in path.relative_to(docs).parts)
    ]
    return [root / "README.md", *pages]


def fill_blocks(text: str, images: str) -> str:
    """Return a page with every block regenerated.

    Args:
        text: the page.
        images: path from the page's folder to docs/images.
    """

    def rewrite(mark: re.Match[str]) -> str:
        block = _generate(mark[1]).replace("](images/", f"]({images}/")
        return f"<!-- results: {mark[1]} -->\n{block}\n<!-- end of results -->"

    return MARKED.sub(rewrite, text)


def _generate(name: str) -> str:
    if name == "recipes":
        return recipes()
    if name == f"{PAPER}variants":
        return documented_variants(PAPER_RESULTS)
    if name.startswith(PAPER):
        return documented(name.removeprefix(PAPER), PAPER_RESULTS)
    result = RESULTS / f"{name}.json"
    if not result.exists():
        return "Not measured yet."
    return TABLES[name](json.loads(result.read_text("utf-8")))


def draw_figures(shown: str) -> None:
    """Draw the figures that the pages show to docs/images."""
    for name, draw in FIGURES.items():
        result = RESULTS / f"{name}.json"
        if result.exists() and f"images/{name}.png" in shown:
            draw(json.loads(result.read_text("utf-8"))).save(IMAGES / f"{name}.png")
    for dataset in set(DRAWN.findall(shown)):
        draw_documented(dataset, PAPER_RESULTS).save(IMAGES / f"{PAPER}{dataset}.png")


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} %"


def main() -> int:
    """Rewrite the pages, or list the outdated ones with --check."""
    parser = argparse.ArgumentParser(
        "update_docs.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if stale")
    check = parser.parse_args().check
    stale, shown = [], ""
    for path in find_pages(ROOT):
        text = path.read_text("utf-8")
        images = os.path.relpath(IMAGES, path.parent)
        shown += (filled := fill_blocks(text, images))
        if filled != text:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                path.write_text(filled, "utf-8")
    if not check:
        draw_figures(shown)
    print(f"{'out of date' if check else 'rewritten'}: {', '.join(stale) or 'nothing'}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
