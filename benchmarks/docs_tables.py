"""What the documentation's generated parts are made of: tables, and where figures come from."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def origin(record: Record) -> str:
    """Return the line that says where figures come from."""
    commit, dash, changed = record["commit"].partition("-")
    return (
        f"Measured by `{record['command']}` at commit `{commit[:8]}{dash}{changed}`, "
        f"{machine(record)}, torch {record['torch']}."
    )


def machine(record: Record) -> str:
    """Return what a result was measured on."""
    return f"{record['machine']}, {record['cores']} core{'s' * (record['cores'] > 1)}"


def origins(rows: Iterable[Record]) -> str:
    """Return where the rows of a table come from, each origin once; "" without rows."""
    return "\n\n".join(dict.fromkeys(map(origin, rows)))
