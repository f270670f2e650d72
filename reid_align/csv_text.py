"""CSV text that every reader splits in the same way, and column names in error messages."""

import csv
import io
from collections.abc import Iterable, Sequence


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Format rows as CSV, each ended by a line feed; None is an empty cell.

    Cells with a comma, a quote, a line feed or a carriage return are quoted.
    """
    lines = []
    for row in rows:
        line = io.StringIO()
        # csv.writer quotes a carriage return only if it ends the lines, before Python 3.13.
        csv.writer(line, lineterminator="\r\n").writerow(row)
        lines.append(line.getvalue().removesuffix("\r\n") + "\n")
    return "".join(lines)


def column_list(names: Sequence[str]) -> str:
    """Return column names for an error message: on one line, printable, and not too long."""
    text = ", ".join(name if name.isprintable() else ascii(name) for name in names) or "none"
    return text if len(text) <= 200 else f"{text[:197]}..."
