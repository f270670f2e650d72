"""The tables and the image of evaluation.json."""

from collections.abc import Iterator

from docs_tables import Record, origins, table
from PIL import Image

from reid_align.viz import draw_curves

WAYS = {
    "multiply": "the matrix product alone",
    "evaluate": "evaluation, as here",
    "sort": "evaluation, sorting every gallery",
    "rerank": "re-ranking, as here",
    "rerank_in_tables": "re-ranking in tables, as torchreid",
}
CURVES = {
    "evaluation": {"evaluate": "as here", "sort": "sorting"},
    "re-ranking": {"rerank": "as here", "rerank_in_tables": "in tables"},
}
HEAD = (
    "queries × gallery × dimensions", "way", "seconds", "of the product's", "CPU seconds",
    "memory beyond the features, MiB", "the process, MiB", "on the device, MiB",
)  # fmt: skip
FIGURE = "![CPU time and memory by the size of the gallery](images/evaluation.png)"


def evaluation(record: Record) -> str:
    """Return what each way costs in the size of each dataset, and the image of how it grows.

    Memory on a device has a column where at least one row took some.
    """
    rows = [row for row in record["rows"] if len(row["runs"]) == 1]
    found = [cells for row in rows for cells in _rows(row)]
    shown = len(HEAD) if any(cells[-1] for cells in found) else len(HEAD) - 1
    parts = [table(HEAD[:shown], [cells[:shown] for cells in found])] if found else []
    parts += [FIGURE] if len(rows) < len(record["rows"]) else []
    return "\n\n".join([*parts, origins(record["rows"])])


def _rows(row: Record) -> Iterator[tuple[str, ...]]:
    run = row["runs"][0]
    problem, figures = run["problem"], run["figures"]
    size = f"{problem['queries']:,} × {problem['gallery']:,} × {problem['dimensions']:,}"
    size += "" if row["device"] == "cpu" else f", {row['device']}"
    product = figures.get("multiply", {}).get("wall_s")
    for way, found in figures.items():
        share = f"{found['wall_s'] / product:.2f} ×" if product else ""
        time = f"{found['wall_s']:.1f}", share, f"{found['cpu_s']:.1f}"
        memory = f"{found['peak_mib']:,.0f}", f"{found['process_mib']:,.0f}"
        device = f"{mib:,.0f}" if (mib := found.get("device_mib")) else ""
        yield size, WAYS[way], *time, *memory, device


def draw_evaluation(record: Record) -> Image.Image:
    """Draw CPU time and memory of each way over the size of the gallery."""
    runs = [run for row in record["rows"] if len(row["runs"]) > 1 for run in row["runs"]]
    panels = {}
    for title, ways in CURVES.items():
        for unit, key in (("CPU seconds", "cpu_s"), ("MiB beyond the features", "peak_mib")):
            panels[f"{title}, {unit} by gallery"] = {
                label: [
                    (float(run["problem"]["gallery"]), float(run["figures"][way][key]))
                    for run in runs
                    if way in run["figures"]
                ]
                for way, label in ways.items()
            }
    return draw_curves(panels)
