"""A table of a paper for the documentation: published figures, and ours of every scale."""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from docs_tables import Record, machine, origins, table
from PIL import Image

from paper.compare import compare
from paper.figure import draw_blocks
from paper.reference import Table, load_tables
from paper.report import heading, markdown_report
from paper.results import Result, all_results
from paper.scale import FULL, MEDIUM, SMALL, Scale

# Tiny trainings show that everything runs, and nothing else.
SHOWN = (FULL, MEDIUM, SMALL)
# Those that tell what the parts of a method add.
DRAWN = ("san1", "san2", "dsa3", "dsa4", "dsa5")


def documented(key: str, results: Path) -> str:
    """Return a table in Markdown: what was measured, and published figures for the rest.

    Args:
        key: of the table, such as "san1".
        results: the folder with what was measured.
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


def documented_variants(results: Path) -> str:
    """Return a table in Markdown of rows with changed settings, each beside the same row unchanged.

    Args:
        results: the folder with what was measured; each folder in ``paper_variants`` beside it has
            the results of one change.
    """
    folders = sorted(results.with_name("paper_variants").glob("*"))
    found = [(one, folder) for folder in folders for one in all_results(folder, SMALL.name)]
    usual = {_key(one): _figures(one) for one in all_results(results, SMALL.name)}
    lines = [
        (one.recipe, one.dataset, ", ".join(one.settings), usual.get(_key(one), ""), _figures(one))
        for one, _ in found
    ]
    head = "row", "on", "changed", "as it is: rank-1 / mAP", "changed: rank-1 / mAP"
    return f"{table(head, lines)}\n\n{origins(_record(*one) for one in found)}"


def _key(result: Result) -> tuple[str, str, int]:
    return result.recipe, result.dataset, result.seed


def _figures(result: Result) -> str:
    scores = result.scores[result.dataset]["f"]
    return f"{scores['rank1']:.1f} / {scores['mAP']:.1f}"


def draw_documented(dataset: str, results: Path) -> Image.Image:
    """Draw what the small trainings on a dataset gave, a block for each table that tells of parts.

    Args:
        dataset: that was trained on, such as "synthetic".
        results: the folder with what was measured.
    """
    found = all_results(results, SMALL.name)
    tables = [load_tables()[key] for key in DRAWN]
    blocks = [block for table in tables for block in compare(table, found)]
    return draw_blocks([block for block in blocks if block.trained == dataset])


def _measured(table: Table, scale: Scale, results: Path) -> list[str]:
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
    """Return the line that says how the figures of one dataset came about."""
    scale = used[0].scale
    records = [_record(one, results) for one in used]
    network = f"ResNet-{scale['depth']}" if scale["depth"] else "the recipes' networks"
    machines = sorted(set(map(machine, records)))
    commits = sorted({str(one["commit"])[:8] for one in records})
    settings = sorted({f"{one.recipe}:{path}" for one in used for path in one.settings})
    changed = f" Changed: {', '.join(f'`{path}`' for path in settings)}." if settings else ""
    commands = list(dict.fromkeys(f"`{one['command']}`" for one in records))
    others = " and the same for other rows" if len(commands) > 1 else ""
    hours = sum(one.hours for one in used)
    trainings = f"{len(used)} training{'s' * (len(used) > 1)}"
    return (
        f"Scale “{scale['name']}”: {network}, images of {scale['height']}×{scale['width']}; "
        f"started from {'; '.join(sorted({one.start for one in used}))}.{changed} "
        f"{trainings}, {hours:.1f} hours without what rows share, by "
        f"{commands[0]}{others} at commit {', '.join(commits)}, {'; '.join(machines)}."
    )


def _record(result: Result, results: Path) -> Record:
    """Return all that was written of a result."""
    record: Record = json.loads(result.place(results).read_text("utf-8"))
    return record
