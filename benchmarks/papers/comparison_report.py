"""Comparison as text, Markdown and JSON."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.papers.comparison import ComparisonBlock, Line
from benchmarks.papers.published import Scores
from benchmarks.papers.row_results import Spread

TITLES = {"rank1": "rank-1", "rank5": "rank-5", "rank10": "rank-10", "mAP": "mAP"}
NOTHING = "not measured yet"
Cells = list[str]


def text_report(blocks: Sequence[ComparisonBlock]) -> str:
    """Format blocks as plain text."""
    return "\n\n".join(f"{heading(block)}\n{_aligned(cells(block))}" for block in blocks)


def markdown_report(blocks: Sequence[ComparisonBlock]) -> str:
    """Format blocks as Markdown."""
    return "\n\n".join(f"{heading(block)}\n\n{_markdown(cells(block))}" for block in blocks)


def json_report(blocks: Sequence[ComparisonBlock]) -> list[Mapping[str, object]]:
    """Return blocks as JSON data; figures are in percent."""
    return [
        {
            "table": block.table.key,
            "dataset": block.scored,
            "trained_on": block.trained,
            "withdrawn": block.withdrawn,
            "rows": [_record(line) for line in block.lines],
        }
        for block in blocks
    ]


def heading(block: ComparisonBlock) -> str:
    """Return the title of a block."""
    table = block.table
    protocol = table.protocols.get(block.scored)
    words = [f"{table.paper}, {table.table} ({table.title}): {block.scored}"]
    words += [protocol] if protocol else []
    if block.trained not in (None, block.scored):
        crops = (
            " and scored on crops of its test identities" if block.trained == "synthetic" else ""
        )
        words.append(f"our rows trained on {block.trained}{crops}")
    if block.withdrawn:
        words.append("withdrawn by its authors, therefore not measured")
    elif not block.measured:
        words.append(NOTHING)
    return "; ".join(words)


def cells(block: ComparisonBlock) -> list[Cells]:
    """Return header and rows of a block."""
    metrics, gains = block.table.metrics, any(line.row.baseline for line in block.lines)
    head = ["", *(f"{TITLES[m]}: paper" for m in metrics)]
    if block.measured:
        for metric in metrics:
            head += [f"{TITLES[metric]}: ours", "difference"]
        named = " / ".join(TITLES[metric] for metric in metrics)
        head += [f"gain in {named}: paper", "gain: ours"] if gains else []
    return [head, *(list(_cells(block, line, gains=gains)) for line in block.lines)]


def _cells(block: ComparisonBlock, line: Line, *, gains: bool) -> Iterator[str]:
    metrics, row = block.table.metrics, line.row
    marks = (" (ours)" if row.ours else "") + (" (cited)" if row.cited else "")
    yield f"{row.name}{marks}"
    elsewhere = f"({', '.join(row.published)})" if row.published and not line.paper else ""
    for place, metric in enumerate(metrics):
        found = _number(line.paper.get(metric))
        yield found or (elsewhere if place == 0 else "")
    if not block.measured:
        return
    for metric in metrics:
        ours = line.ours.get(metric)
        yield "" if ours is None else str(ours)
        yield _number(line.difference.get(metric), signed=True)
    if gains:
        for gain in (line.paper_gain, line.our_gain):
            parts = [_number(gain.get(metric), signed=True) or "-" for metric in metrics]
            yield " / ".join(parts) if gain else ""


def _record(line: Line) -> Mapping[str, object]:
    row = line.row
    return {
        "row": row.name,
        "recipe": row.recipe,
        "feature": row.feature,
        "baseline": row.baseline,
        "cited": row.cited,
        "ours_alone": row.ours,
        "training": row.training,
        "published_for": list(row.published),
        "paper": dict(line.paper),
        "ours": {metric: _spread(found) for metric, found in line.ours.items()},
        "difference": _rounded(line.difference),
        "gain": {"paper": _rounded(line.paper_gain), "ours": _rounded(line.our_gain)},
    }


def _spread(found: Spread) -> Mapping[str, float | int | None]:
    deviation = None if found.deviation is None else round(found.deviation, 3)
    return {"mean": round(found.mean, 3), "deviation": deviation, "seeds": found.seeds}


def _rounded(scores: Scores) -> Mapping[str, float]:
    return {metric: round(value, 3) for metric, value in scores.items()}


def _number(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return ""
    # Adding 0.0 turns -0.0 into +0.0.
    return f"{round(value, 1) + 0.0:+.1f}" if signed else f"{value:.1f}"


def _aligned(rows: Sequence[Cells]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _markdown(rows: Sequence[Cells]) -> str:
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))
