"""Update the generated tables and figures of README.md and docs/.

    python benchmarks/update_docs.py            # rewrite the blocks and redraw the figures
    python benchmarks/update_docs.py --check    # exit with 1 if a block is out of date

A block is the text between ``<!-- results: NAME -->`` and ``<!-- end of results -->`` in README.md
or any Markdown file below docs/ (folders that start with "_" or "." are skipped). NAME is one of:

- a result file: benchmarks/results/NAME.json,
- "same_identity_PART": a part of benchmarks/results/same_identity.json,
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

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))  # The package `benchmarks` is not installed.

from benchmarks.docs_tables.alignment_tables import alignment, decoder_swap, draw_alignment
from benchmarks.docs_tables.bulk_table import bulk_cost, bulk_extraction
from benchmarks.docs_tables.encoder_tables import (
    fitted,
    fused_maps,
    loss_gradients,
    storage,
    transfer,
    transfer_encoders,
    variations,
)
from benchmarks.docs_tables.evaluation_tables import draw_evaluation, evaluation
from benchmarks.docs_tables.explanation_table import explanation_regions
from benchmarks.docs_tables.export_table import exported_precision
from benchmarks.docs_tables.gallery_table import galleries
from benchmarks.docs_tables.identity_tables import (
    clusters,
    draws,
    improvements,
    near_pairs,
    thresholds,
)
from benchmarks.docs_tables.markdown import Record
from benchmarks.docs_tables.paper_blocks import draw_paper_rows, paper_block, variants_block
from benchmarks.docs_tables.search_table import search_speed
from benchmarks.docs_tables.service_table import service_load
from benchmarks.docs_tables.speed_tables import draw_throughput, latency, precision, throughput
from benchmarks.docs_tables.tracking_table import street_tracking
from benchmarks.docs_tables.training_tables import (
    fine_tuning,
    loading,
    recipes,
    self_training,
    synth_speed,
    training_profile,
    training_step,
)
from benchmarks.docs_tables.zoo_table import encoder_speed, zoo
from benchmarks.result_files import RESULTS

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
PAPER, PAPER_RESULTS = "paper_", RESULTS / "paper_tables"
PAPER_FIGURE = re.compile(r"images/paper_(\w+)\.png")
BLOCK = re.compile(r"<!-- results: (\w+) -->\n.*?<!-- end of results -->", re.DOTALL)
TABLES: dict[str, Callable[[Record], str]] = {
    "exported_precision": exported_precision,
    "transfer": transfer,
    "transfer_encoders": transfer_encoders,
    "light_encoders": variations,
    "variations": variations,
    "fitted": fitted,
    "fused_maps": fused_maps,
    "loss_gradients": loss_gradients,
    "storage": storage,
    "synth_speed": synth_speed,
    "loading": loading,
    "training_step": training_step,
    "fine_tuning": fine_tuning,
    "self_training": self_training,
    "throughput": throughput,
    "throughput_zen4": partial(throughput, figure="throughput_zen4"),
    "latency": latency,
    "evaluation": evaluation,
    "galleries": galleries,
    "search_speed": search_speed,
    "bulk_extraction": bulk_extraction,
    "bulk_cost": bulk_cost,
    "service_load": service_load,
    "street_tracking": street_tracking,
    "precision": precision,
    "training_profile": training_profile,
    "alignment": alignment,
    "decoder_swap": decoder_swap,
    "explanation_regions": explanation_regions,
    "same_identity": thresholds,
    "same_identity_draws": draws,
    "same_identity_near_pairs": near_pairs,
    "same_identity_clusters": clusters,
    "same_identity_search": improvements,
    "zoo": zoo,
    "encoder_speed": encoder_speed,
}
# Blocks that show a part of a result file with another name.
SOURCES = {name: "same_identity" for name in TABLES if name.startswith("same_identity_")}
SOURCES["bulk_cost"] = "bulk_extraction"
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

    return BLOCK.sub(rewrite, text)


def _generate(name: str) -> str:
    if name == "recipes":
        return recipes()
    if name == f"{PAPER}variants":
        return variants_block(PAPER_RESULTS)
    if name.startswith(PAPER):
        return paper_block(name.removeprefix(PAPER), PAPER_RESULTS)
    result = RESULTS / f"{SOURCES.get(name, name)}.json"
    if not result.exists():
        return "Not measured yet."
    return TABLES[name](json.loads(result.read_text("utf-8")))


def draw_figures(shown: str) -> None:
    """Draw the figures that the pages show to docs/images."""
    for name, draw in FIGURES.items():
        result = RESULTS / f"{name}.json"
        if result.exists() and f"images/{name}.png" in shown:
            draw(json.loads(result.read_text("utf-8"))).save(IMAGES / f"{name}.png")
    for dataset in set(PAPER_FIGURE.findall(shown)):
        draw_paper_rows(dataset, PAPER_RESULTS).save(IMAGES / f"{PAPER}{dataset}.png")


def main() -> int:
    """Rewrite the pages, or list the outdated ones with --check."""
    parser = argparse.ArgumentParser(
        "update_docs.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if a block is out of date"
    )
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
