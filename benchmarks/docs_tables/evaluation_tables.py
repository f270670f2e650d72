"""Table and figure of evaluation.json."""

from collections.abc import Iterator

from PIL import Image

from benchmarks.docs_tables.markdown import Record, origins, table
from reid_align.viz import draw_curves

METHODS = {
    "multiply": "matrix product only",
    "evaluate": "evaluation, reid_align",
    "sort": "evaluation, full sort",
    "rerank": "re-ranking, reid_align",
    "rerank_in_tables": "re-ranking, torchreid's algorithm",
}
CURVES = {
    "evaluation": {"evaluate": "reid_align", "sort": "full sort"},
    "re-ranking": {"rerank": "reid_align", "rerank_in_tables": "torchreid"},
}
HEAD = (
    "queries × gallery × dimensions", "method", "seconds", "relative to the product", "CPU seconds",
    "peak memory beyond the features, MiB", "peak memory of the process, MiB", "GPU memory, MiB",
)  # fmt: skip
FIGURE = "![CPU time and memory by gallery size](images/evaluation.png)"


def evaluation(record: Record) -> str:
    """Return the table by dataset size and the figure of growth.

    The column of GPU memory is left out if no row used a GPU.
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
    for method, found in figures.items():
        share = f"{found['wall_s'] / product:.2f} ×" if product else ""
        time = f"{found['wall_s']:.1f}", share, f"{found['cpu_s']:.1f}"
        memory = f"{found['peak_mib']:,.0f}", f"{found['process_mib']:,.0f}"
        device = f"{mib:,.0f}" if (mib := found.get("device_mib")) else ""
        yield size, METHODS[method], *time, *memory, device


def draw_evaluation(record: Record) -> Image.Image:
    """Draw CPU time and memory of each method over the gallery size."""
    runs = [run for row in record["rows"] if len(row["runs"]) > 1 for run in row["runs"]]
    panels = {}
    for title, methods in CURVES.items():
        for unit, key in (("CPU seconds", "cpu_s"), ("MiB beyond the features", "peak_mib")):
            panels[f"{title}: {unit} by gallery size"] = {
                label: [
                    (float(run["problem"]["gallery"]), float(run["figures"][method][key]))
                    for run in runs
                    if method in run["figures"]
                ]
                for method, label in methods.items()
            }
    return draw_curves(panels)
