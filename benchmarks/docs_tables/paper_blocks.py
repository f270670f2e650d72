"""Documentation blocks and figure of the papers' tables."""

import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from PIL import Image

from benchmarks.docs_tables.markdown import Record, machine, origins, rank1_map, table
from benchmarks.papers.comparison import compare
from benchmarks.papers.comparison_figure import draw_blocks
from benchmarks.papers.comparison_report import heading, markdown_report
from benchmarks.papers.published import PaperTable, load_tables
from benchmarks.papers.row_results import Result, all_results
from benchmarks.papers.scale import FULL, MEDIUM, SMALL, Scale

# Results of scale "tiny" are meaningless; it only tests that everything runs.
SHOWN = (FULL, MEDIUM, SMALL)
# Details of `Result.method`.
METHODS = {
    "decoder_skips": "decoder {} skip connections",
    "part_images": "part images from the {}",
    "generator_augmentation": "generator with {} augmentation",
}
# Tables with ablations.
DRAWN = ("san1", "san2", "dsa3", "dsa4", "dsa5")


def paper_block(key: str, results: Path) -> str:
    """Return a table in Markdown: our results at every scale, then the remaining published figures.

    Args:
        key: key of the table, such as "san1".
        results: folder of the result files.
    """
    table = load_tables()[key]
    parts = [part for scale in SHOWN for part in _measured(table, scale, results)]
    measured = {
        block.scored
        for scale in SHOWN
        for block in compare(table, all_results(results, scale.name))
        if block.measured
    }
    published = [block for block in compare(table, []) if block.scored not in measured]
    parts += [_block(markdown_report([block]), heading(block)) for block in published]
    return "\n\n".join([*parts, *([table.note] if table.note else [])])


def variants_block(results: Path) -> str:
    """Return a table of rows trained with changed settings, next to the unchanged rows.

    Args:
        results: folder of the unchanged results; the folders in its sibling ``paper_variants``
            hold one change each.
    """
    folders = sorted(results.with_name("paper_variants").glob("*"))
    found = [(one, folder) for folder in folders for one in all_results(folder, SMALL.name)]
    usual = {_key(one): _scores(one) for one in all_results(results, SMALL.name)}
    lines = [
        (one.recipe, one.dataset, ", ".join(one.settings), usual.get(_key(one), ""), _scores(one))
        for one, _ in found
    ]
    head = "row", "dataset", "change", "unchanged: rank-1 / mAP", "changed: rank-1 / mAP"
    return f"{table(head, lines)}\n\n{origins(_record(*one) for one in found)}"


def _key(result: Result) -> tuple[str, str, int]:
    return result.recipe, result.dataset, result.seed


def _scores(result: Result) -> str:
    return rank1_map(result.scores[result.dataset]["f"])


def draw_paper_rows(dataset: str, results: Path) -> Image.Image:
    """Draw the results of scale "small" on one dataset, one panel per table.

    Args:
        dataset: training dataset, such as "synthetic".
        results: folder of the result files.
    """
    found = all_results(results, SMALL.name)
    tables = [load_tables()[key] for key in DRAWN]
    blocks = [block for table in tables for block in compare(table, found)]
    return draw_blocks([block for block in blocks if block.trained == dataset])


def _measured(table: PaperTable, scale: Scale, results: Path) -> list[str]:
    found = all_results(results, scale.name)
    blocks = [block for block in compare(table, found) if block.measured]
    recipes, where, parts = {row.recipe for row in table.rows}, f", scale “{scale.name}”", []
    for trained, group in groupby(blocks, key=lambda block: block.trained):
        parts += [_block(markdown_report([block]), heading(block), where) for block in group]
        used = [one for one in found if one.recipe in recipes and one.dataset == trained]
        parts.append(_conditions(used, results))
    return parts


def _block(report: str, title: str, where: str = "") -> str:
    return report.replace(title, f"**{title}{where}**", 1)


def _conditions(used: Sequence[Result], results: Path) -> str:
    """Return the line on network, initial weights, settings, duration and provenance."""
    scale = used[0].scale
    records = [_record(one, results) for one in used]
    network = f"ResNet-{scale['depth']}" if scale["depth"] else "the networks of the recipes"
    if "backbone" in scale:
        network = f"{scale['backbone']}, dense pose estimator with {network}"
    machines = sorted(set(map(machine, records)))
    commits = sorted({str(one["commit"])[:8] for one in records})
    settings = sorted({f"{one.recipe}:{path}" for one in used for path in one.settings})
    changed = (
        f" Changed settings: {', '.join(f'`{path}`' for path in settings)}." if settings else ""
    )
    commands = list(dict.fromkeys(f"`{one['command']}`" for one in records))
    others = " (other rows likewise)" if len(commands) > 1 else ""
    hours = sum(one.hours for one in used)
    trainings = f"{len(used)} training{'s' * (len(used) > 1)}"
    return (
        f"Scale “{scale['name']}”: {network}, images of {scale['height']}×{scale['width']}; "
        f"initial weights: {'; '.join(sorted({one.start for one in used}))}."
        f"{changed}{_methods(used)} {trainings}, {hours:.1f} hours in total without shared "
        f"networks; measured with {commands[0]}{others} at commit {', '.join(commits)}, "
        f"{'; '.join(machines)}."
    )


def _methods(used: Sequence[Result]) -> str:
    """Return the details of the method that other versions do otherwise, with their rows."""
    rows: dict[str, list[str]] = defaultdict(list)
    for one in used:
        for name, value in one.method.items():
            rows[METHODS[name].format("with" if value is True else value or "without")].append(
                one.recipe
            )
    said = [f"{text} ({', '.join(dict.fromkeys(rows[text]))})" for text in sorted(rows)]
    return f" Method: {'; '.join(said)}." if said else ""


def _record(result: Result, results: Path) -> Record:
    """Return the full content of a result file."""
    record: Record = json.loads(result.place(results).read_text("utf-8"))
    return record
