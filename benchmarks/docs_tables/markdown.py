"""Markdown tables and the line that names the source of a measurement."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def rank1_map(scores: Record) -> str:
    """Format scores in percent as "rank-1 / mAP"."""
    return f"{scores['rank1']:.1f} / {scores['mAP']:.1f}"


def origin(record: Record) -> str:
    """Return the sentence with command, commit, machine and torch version."""
    commit, dash, changed = record["commit"].partition("-")
    return (
        f"Measured with `{record['command']}` at commit `{commit[:8]}{dash}{changed}`, "
        f"{machine(record)}, torch {record['torch']}."
    )


def machine(record: Record) -> str:
    """Return processor and number of cores."""
    return f"{record['machine']}, {record['cores']} core{'s' * (record['cores'] > 1)}"


def origins(rows: Iterable[Record]) -> str:
    """Return the distinct `origin` sentences of some rows; "" without rows."""
    return "\n\n".join(dict.fromkeys(map(origin, rows)))
